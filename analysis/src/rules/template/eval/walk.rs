//! Nodes, one after another: text is written, actions are done, blocks are gone into or not.

use super::{DEEPEST, LONGEST, MOST_STEPS, Place, State, Stop};
use crate::rules::template::{
    fmt,
    node::{Block, List, Node, Pipe},
    value::{Pointed, Value},
};

impl<'t> State<'t, '_> {
    pub(super) fn walk_list(&mut self, dot: &Value, list: &'t List) -> Result<(), Stop> {
        self.place = Place::List(list);
        self.enter()?;
        self.step()?;
        list.nodes.iter().try_for_each(|node| self.walk(dot, node))?;
        self.leave();
        Ok(())
    }

    fn walk(&mut self, dot: &Value, node: &'t Node) -> Result<(), Stop> {
        self.place = Place::Node(node);
        self.step()?;
        match node {
            Node::Text { text, .. } => self.write(text.as_bytes()),
            Node::Action { pipe, .. } => {
                let value = self.pipeline(dot, pipe)?;
                if !pipe.variables.is_empty() {
                    return Ok(());
                }
                self.place = Place::Node(node);
                self.write(&fmt::show(&[value]))
            }
            Node::Break { .. } => Err(Stop::Break),
            Node::Continue { .. } => Err(Stop::Continue),
            Node::Branch { block: Block::Range, pipe, list, otherwise, .. } => {
                self.range(dot, pipe, list, otherwise.as_ref())
            }
            Node::Branch { block, pipe, list, otherwise, .. } => {
                let declared = self.variables.len();
                let value = self.pipeline(dot, pipe)?;
                match (value.is_true(), otherwise) {
                    (true, _) if *block == Block::With => self.walk_list(&value, list)?,
                    (true, _) => self.walk_list(dot, list)?,
                    (false, Some(list)) => self.walk_list(dot, list)?,
                    (false, None) => {}
                }
                self.variables.truncate(declared);
                Ok(())
            }
            Node::Call { name, pipe, .. } => self.call_template(dot, name, pipe.as_ref()),
        }
    }

    fn step(&mut self) -> Result<(), Stop> {
        self.steps += 1;
        if self.steps > MOST_STEPS {
            return Err(self.fault(format!("more than {MOST_STEPS} steps")));
        }
        Ok(())
    }

    fn write(&mut self, text: &[u8]) -> Result<(), Stop> {
        if self.out.len() + text.len() > LONGEST {
            return Err(self.fault(format!("more than {LONGEST} bytes")));
        }
        self.out.extend_from_slice(text);
        Ok(())
    }

    fn range(
        &mut self,
        dot: &Value,
        pipe: &'t Pipe,
        list: &'t List,
        otherwise: Option<&'t List>,
    ) -> Result<(), Stop> {
        let (declared, depth) = (self.variables.len(), self.depth);
        let value = self.pipeline(dot, pipe)?.unboxed();
        let done = self.iterate(&value, pipe, list);
        let any = match done {
            Err(Stop::Break) => true,
            done => done?,
        };
        self.depth = depth;
        if let Some(list) = otherwise.filter(|_| !any) {
            self.walk_list(dot, list)?;
        }
        self.variables.truncate(declared);
        Ok(())
    }

    /// Walks a list for each element. Says whether there was any.
    fn iterate(&mut self, value: &Value, pipe: &'t Pipe, list: &'t List) -> Result<bool, Stop> {
        match value {
            Value::Nil | Value::Sample(None) => Ok(false),
            Value::Int(_)
            | Value::Long(_)
            | Value::Byte(_)
            | Value::Month(_)
            | Value::Weekday(_)
            | Value::Duration(..) => {
                if pipe.variables.len() > 1 {
                    let value = String::from_utf8_lossy(&fmt::show(std::slice::from_ref(value))).into_owned();
                    return Err(
                        self.fault(format!("can't use {value} to iterate over more than one variable"))
                    );
                }
                let value = match value {
                    Value::Duration(ns, _) => Value::Duration(*ns, Pointed::No),
                    value => value.clone(),
                };
                let most = value.whole().unwrap_or(0);
                for i in 0..most {
                    self.iteration(Value::Nil, like(&value, i), pipe, list)?;
                }
                Ok(most > 0)
            }
            Value::Samples(samples) => {
                let samples = samples.as_deref().unwrap_or_default();
                for (i, sample) in (0_i64..).zip(samples) {
                    self.iteration(Value::Int(i), Value::Sample(Some(sample.clone())), pipe, list)?;
                }
                Ok(!samples.is_empty())
            }
            Value::Labels(labels) => {
                for (name, value) in labels.pairs() {
                    self.iteration(Value::text(&**name), Value::text(&**value), pipe, list)?;
                }
                Ok(!labels.is_empty())
            }
            Value::Args(args) => {
                for (name, value) in &**args {
                    self.iteration(Value::text(name), value.clone(), pipe, list)?;
                }
                Ok(!args.is_empty())
            }
            value => {
                let shown = String::from_utf8_lossy(&fmt::show(std::slice::from_ref(value))).into_owned();
                Err(self.fault(format!("range can't iterate over {shown}")))
            }
        }
    }

    fn iteration(
        &mut self,
        index: Value,
        element: Value,
        pipe: &'t Pipe,
        list: &'t List,
    ) -> Result<(), Stop> {
        let (declared, depth) = (self.variables.len(), self.depth);
        match pipe.variables.as_slice() {
            [] => {}
            [one] if pipe.assigns => self.assign(one, element.clone())?,
            [one, two] if pipe.assigns => {
                self.assign(one, index)?;
                self.assign(two, element.clone())?;
            }
            [_] => self.set_top(1, element.clone()),
            _ => {
                self.set_top(1, element.clone());
                self.set_top(2, index);
            }
        }
        match self.walk_list(&element, list) {
            Ok(()) | Err(Stop::Continue) => {}
            Err(stop) => return Err(stop),
        }
        self.depth = depth;
        self.variables.truncate(declared);
        Ok(())
    }

    /// Sets the variable that was declared last, or before it.
    fn set_top(&mut self, back: usize, value: Value) {
        let at = self.variables.len().checked_sub(back);
        if let Some((_, kept)) = at.and_then(|at| self.variables.get_mut(at)) {
            *kept = value;
        }
    }

    /// Sets the last variable of a name.
    pub(super) fn assign(&mut self, name: &str, value: Value) -> Result<(), Stop> {
        match self.variables.iter_mut().rev().find(|(known, _)| *known == name) {
            Some((_, kept)) => *kept = value,
            None => return Err(self.fault(format!("undefined variable: {name}"))),
        }
        Ok(())
    }

    /// A template sees no variables but its dot.
    fn call_template(&mut self, dot: &Value, name: &'t str, pipe: Option<&'t Pipe>) -> Result<(), Stop> {
        let Some((tree, list)) = self.source.trees.get_key_value(name) else {
            let name = crate::metrics::quote::quoted(name);
            return Err(self.fault(format!("template {name} not defined")));
        };
        if self.depth >= DEEPEST {
            return Err(self.fault(format!("exceeded maximum template depth ({DEEPEST})")));
        }
        let dot = match pipe {
            Some(pipe) => self.pipeline(dot, pipe)?,
            None => Value::Nil,
        };
        let variables = std::mem::replace(&mut self.variables, vec![("$", dot.clone())]);
        let outer = std::mem::replace(&mut self.tree, tree);
        let place = self.place;
        self.walk_list(&dot, list)?;
        (self.variables, self.tree, self.place) = (variables, outer, place);
        Ok(())
    }
}

/// A number of the same type.
fn like(value: &Value, number: i64) -> Value {
    let byte = u8::try_from(number).unwrap_or(u8::MAX);
    match value {
        Value::Long(_) => Value::Long(number),
        Value::Byte(_) => Value::Byte(byte),
        Value::Month(_) => Value::Month(byte),
        Value::Weekday(_) => Value::Weekday(byte),
        Value::Duration(..) => Value::Duration(number, Pointed::No),
        _ => Value::Int(number),
    }
}
