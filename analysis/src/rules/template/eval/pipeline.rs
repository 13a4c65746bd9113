//! Pipelines, commands and their parts.

use super::{LONGEST, Place, State, Stop};
use crate::rules::template::{
    node::{Command, Pipe, Term},
    parse::number::Number,
    value::{Type, Value},
};

impl<'t> State<'t, '_> {
    /// The value of the last command. The variables get it.
    pub(super) fn pipeline(&mut self, dot: &Value, pipe: &'t Pipe) -> Result<Value, Stop> {
        self.place = Place::Pipe(pipe);
        self.enter()?;
        let mut value = None;
        for command in &pipe.commands {
            value = Some(self.command(dot, command, value)?.unboxed());
        }
        self.leave();
        let value = value.unwrap_or(Value::Nil);
        for name in &pipe.variables {
            if pipe.assigns {
                self.assign(name, value.clone())?;
            } else {
                self.variables.push((name, value.clone()));
            }
        }
        if value.bytes().is_some_and(|text| text.len() > LONGEST) {
            return Err(self.fault(format!("more than {LONGEST} bytes")));
        }
        Ok(value)
    }

    /// A command, given what the one before it gave.
    fn command(&mut self, dot: &Value, command: &'t Command, last: Option<Value>) -> Result<Value, Stop> {
        let Some(first) = command.args.first() else { return Ok(Value::Nil) };
        let args = &command.args[1..];
        match first {
            Term::Field { path, .. } => {
                self.place = Place::Term(first);
                return self.field_chain(dot, dot.clone(), first, path, args, last);
            }
            Term::Chain { .. } => return self.chain(dot, first, args, last),
            Term::Function { name, .. } => {
                self.place = Place::Term(first);
                return self.call_function(dot, name, Place::Command(command), args, last);
            }
            Term::Pipe(pipe) => {
                self.takes_nothing(first, args, last.as_ref())?;
                return self.pipeline(dot, pipe);
            }
            Term::Variable { .. } => return self.variable(dot, first, args, last),
            _ => {}
        }
        self.place = Place::Term(first);
        self.takes_nothing(first, args, last.as_ref())?;
        match first {
            Term::Nil { .. } => Err(self.fault("nil is not a command")),
            term => self.literal(dot, term),
        }
    }

    pub(super) fn takes_nothing(&self, term: &Term, args: &[Term], last: Option<&Value>) -> Result<(), Stop> {
        if args.is_empty() && last.is_none() {
            return Ok(());
        }
        Err(self.fault(format!("can't give argument to non-function {term}")))
    }

    fn literal(&mut self, dot: &Value, term: &'t Term) -> Result<Value, Stop> {
        self.place = Place::Term(term);
        match term {
            Term::Bool { value, .. } => Ok(Value::Bool(*value)),
            Term::Dot { .. } => Ok(dot.clone()),
            Term::Number { number, .. } => self.number(number),
            Term::Text { text, .. } => Ok(Value::text(text)),
            term => Err(self.fault(format!("can't handle assignment of {term} to empty interface argument"))),
        }
    }

    /// A number where nothing says of which type it is.
    fn number(&self, number: &Number) -> Result<Value, Stop> {
        let text = &number.text;
        let is_hex = (text.starts_with("0x") || text.starts_with("0X")) && !text.contains(['p', 'P']);
        let is_float = !is_hex && !text.starts_with('\'') && text.contains(['.', 'e', 'E', 'p', 'P']);
        Ok(match number {
            Number { complex: Some((re, im)), .. } => Value::Complex(*re, *im),
            Number { float: Some(float), .. } if is_float => Value::Float(*float),
            Number { int: Some(int), .. } => Value::Int(*int),
            Number { .. } => return Err(self.fault(format!("{text} overflows int"))),
        })
    }

    /// A variable, and the fields asked of it.
    fn variable(
        &mut self,
        dot: &Value,
        term: &'t Term,
        args: &'t [Term],
        last: Option<Value>,
    ) -> Result<Value, Stop> {
        self.place = Place::Term(term);
        let Term::Variable { path, .. } = term else { return Ok(Value::Nil) };
        let Some((name, fields)) = path.split_first() else { return Ok(Value::Nil) };
        let found = self.variables.iter().rev().find(|(known, _)| known == name);
        let Some(value) = found.map(|(_, value)| value.clone()) else {
            return Err(self.fault(format!("undefined variable: {name}")));
        };
        if fields.is_empty() {
            self.takes_nothing(term, args, last.as_ref())?;
            return Ok(value);
        }
        self.field_chain(dot, value, term, fields, args, last)
    }

    /// Fields asked of what stands in parentheses.
    fn chain(
        &mut self,
        dot: &Value,
        term: &'t Term,
        args: &'t [Term],
        last: Option<Value>,
    ) -> Result<Value, Stop> {
        self.place = Place::Term(term);
        let Term::Chain { of, path, .. } = term else { return Ok(Value::Nil) };
        let value = self.untyped(dot, of)?;
        self.field_chain(dot, value, term, path, args, last)
    }

    /// What a term is, whatever its type.
    fn untyped(&mut self, dot: &Value, term: &'t Term) -> Result<Value, Stop> {
        self.place = Place::Term(term);
        match term {
            Term::Field { path, .. } => self.field_chain(dot, dot.clone(), term, path, &[], None),
            Term::Variable { .. } => self.variable(dot, term, &[], None),
            Term::Pipe(pipe) => self.pipeline(dot, pipe),
            Term::Function { name, .. } => self.call_function(dot, name, Place::Term(term), &[], None),
            Term::Chain { .. } => self.chain(dot, term, &[], None),
            term => self.literal(dot, term),
        }
    }

    /// A term as a function of such a type takes it.
    pub(super) fn argument(&mut self, dot: &Value, takes: Type, term: &'t Term) -> Result<Value, Stop> {
        self.place = Place::Term(term);
        let is_value = matches!(term, Term::Bool { .. } | Term::Number { .. } | Term::Text { .. });
        match term {
            Term::Nil { .. } => {
                takes.nil().ok_or_else(|| self.fault(format!("cannot assign nil to {}", takes.name())))
            }
            term if !is_value => {
                let value = self.untyped(dot, term)?;
                self.validate(value, takes)
            }
            term => match (takes, term) {
                (Type::Any | Type::Reflected, term) => self.literal(dot, term),
                (Type::Text, Term::Text { text, .. }) => Ok(Value::text(text)),
                (Type::Text, term) => Err(self.fault(format!("expected string; found {term}"))),
                (Type::Int, Term::Number { number: Number { int: Some(int), .. }, .. }) => {
                    Ok(Value::Int(*int))
                }
                (Type::Duration, Term::Number { number: Number { int: Some(int), .. }, .. }) => {
                    Ok(Value::Duration(*int, crate::rules::template::value::Pointed::No))
                }
                (Type::Int | Type::Duration, term) => {
                    Err(self.fault(format!("expected integer; found {term}")))
                }
                (takes, term) => {
                    Err(self.fault(format!("can't handle {term} for arg of type {}", takes.name())))
                }
            },
        }
    }

    /// A value as a function of such a type takes it.
    pub(super) fn validate(&self, value: Value, takes: Type) -> Result<Value, Stop> {
        if value == Value::Nil {
            return takes
                .nil()
                .ok_or_else(|| self.fault(format!("invalid value; expected {}", takes.name())));
        }
        let inner = match takes {
            Type::Any | Type::Reflected => value,
            // A nil that could be of any type stays what it is.
            _ if value == Value::Interface(None) => value,
            _ => value.unboxed(),
        };
        let got = inner.type_name();
        let taken = takes.take(&inner);
        taken.ok_or_else(|| self.fault(format!("wrong type for value; expected {}; got {got}", takes.name())))
    }
}
