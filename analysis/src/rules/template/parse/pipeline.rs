//! What stands in an action: pipelines, commands and their parts.

use super::{
    Fault, Parser,
    item::{Item, Keyword, Kind},
    literal,
    number::Number,
};
use crate::{
    metrics::quote::quoted,
    rules::template::{
        functions,
        node::{Command, Pipe, Term},
    },
};

impl<'a> Parser<'a> {
    /// Up to `end`, which is taken too. `context` is what errors call it.
    pub(super) fn pipeline(&mut self, context: &str, end: Kind) -> Result<Pipe, Fault> {
        let mut pipe = Pipe { pos: self.peek_no_space().pos, ..Pipe::default() };
        while self.peek_no_space().kind == Kind::Variable {
            if !self.declaration(&mut pipe, context)? {
                break;
            }
        }
        loop {
            let item = self.next_no_space();
            match item.kind {
                kind if kind == end => {
                    self.check(&pipe, context)?;
                    return Ok(pipe);
                }
                Kind::Bool
                | Kind::CharConstant
                | Kind::Complex
                | Kind::Field
                | Kind::Identifier
                | Kind::Number
                | Kind::RawString
                | Kind::String
                | Kind::Variable
                | Kind::LeftParen
                | Kind::Keyword(Keyword::Dot | Keyword::Nil) => {
                    self.back(item);
                    let command = self.command()?;
                    pipe.commands.push(command);
                }
                _ => return Err(self.unexpected(&item, context)),
            }
        }
    }

    /// Takes `$x :=`, `$x =` or `$x,` if one is next. Says whether another variable may follow.
    fn declaration(&mut self, pipe: &mut Pipe, context: &str) -> Result<bool, Fault> {
        let variable = self.next();
        let behind = self.peek();
        let next = self.peek_no_space();
        match next.kind {
            Kind::Assign | Kind::Declare => {
                pipe.assigns = next.kind == Kind::Assign;
                self.next_no_space();
                self.declare(pipe, &variable);
                Ok(false)
            }
            Kind::Char if next.text == "," => {
                self.next_no_space();
                self.declare(pipe, &variable);
                if context != "range" || pipe.variables.len() >= 2 {
                    return Err(self.fault(format!("too many declarations in {context}")));
                }
                match self.peek_no_space().kind {
                    Kind::Variable | Kind::RightDelim | Kind::RightParen => Ok(true),
                    _ => Err(self.fault("range can only initialize variables")),
                }
            }
            _ => {
                if behind.kind == Kind::Space {
                    self.back(behind);
                }
                self.back(variable);
                Ok(false)
            }
        }
    }

    fn declare(&mut self, pipe: &mut Pipe, variable: &Item<'a>) {
        pipe.variables.push(variable.text.to_string());
        self.variables.push(variable.text.to_string());
    }

    fn check(&self, pipe: &Pipe, context: &str) -> Result<(), Fault> {
        if pipe.commands.is_empty() {
            return Err(self.fault(format!("missing value for {context}")));
        }
        let is_value = |term: &Term| {
            matches!(
                term,
                Term::Bool { .. }
                    | Term::Dot { .. }
                    | Term::Nil { .. }
                    | Term::Number { .. }
                    | Term::Text { .. }
            )
        };
        let value =
            pipe.commands.iter().skip(1).position(|command| command.args.first().is_some_and(is_value));
        match value {
            Some(at) => Err(self.fault(format!("non executable command in pipeline stage {}", at + 2))),
            None => Ok(()),
        }
    }

    /// Up to a pipe, which is taken too, or what ends the pipeline.
    fn command(&mut self) -> Result<Command, Fault> {
        let mut command = Command { pos: self.peek_no_space().pos, args: Vec::new() };
        loop {
            self.peek_no_space();
            command.args.extend(self.operand()?);
            let item = self.next();
            match item.kind {
                Kind::Space => continue,
                Kind::RightDelim | Kind::RightParen => self.back(item),
                Kind::Pipe => {}
                _ => return Err(self.unexpected(&item, "operand")),
            }
            break;
        }
        if command.args.is_empty() {
            return Err(self.fault("empty command"));
        }
        Ok(command)
    }

    /// A term and the fields asked of it; none if the next item is no term.
    fn operand(&mut self) -> Result<Option<Term>, Fault> {
        let Some(term) = self.term()? else { return Ok(None) };
        let first = self.peek();
        if first.kind != Kind::Field {
            return Ok(Some(term));
        }
        let (pos, mut fields) = (first.pos, Vec::new());
        while self.peek().kind == Kind::Field {
            let field = self.next();
            fields.push(field.text[1..].to_owned());
        }
        Ok(Some(match term {
            Term::Field { path, .. } => Term::Field { pos, path: path.into_iter().chain(fields).collect() },
            Term::Variable { path, .. } => {
                Term::Variable { pos, path: path.into_iter().chain(fields).collect() }
            }
            Term::Function { .. } | Term::Pipe(_) | Term::Chain { .. } => {
                Term::Chain { pos, of: Box::new(term), path: fields }
            }
            term => return Err(self.fault(format!("unexpected . after term {}", quoted(&term.to_string())))),
        }))
    }

    fn term(&mut self) -> Result<Option<Term>, Fault> {
        let item = self.next_no_space();
        let pos = item.pos;
        Ok(Some(match item.kind {
            Kind::Identifier => {
                if !functions::is_known(&item.text) {
                    return Err(self.fault(format!("function {} not defined", quoted(&item.text))));
                }
                Term::Function { pos, name: item.text.into_owned() }
            }
            Kind::Keyword(Keyword::Dot) => Term::Dot { pos },
            Kind::Keyword(Keyword::Nil) => Term::Nil { pos },
            Kind::Variable => {
                if !self.variables.iter().any(|name| *name == item.text) {
                    return Err(self.fault(format!("undefined variable {}", quoted(&item.text))));
                }
                Term::Variable { pos, path: vec![item.text.into_owned()] }
            }
            Kind::Field => Term::Field { pos, path: vec![item.text[1..].to_owned()] },
            Kind::Bool => Term::Bool { pos, value: item.text == "true" },
            Kind::CharConstant | Kind::Complex | Kind::Number => {
                let number = Number::parse(&item.text, item.kind).map_err(|what| self.fault(what))?;
                Term::Number { pos, number }
            }
            Kind::LeftParen => {
                self.deeper()?;
                let pipe = self.pipeline("parenthesized pipeline", Kind::RightParen)?;
                self.depth -= 1;
                Term::Pipe(pipe)
            }
            Kind::String | Kind::RawString => {
                let text = literal::unquote(&item.text).ok_or_else(|| self.fault("invalid syntax"))?;
                Term::Text { pos, quoted: item.text.into_owned(), text }
            }
            _ => {
                self.back(item);
                return Ok(None);
            }
        }))
    }
}
