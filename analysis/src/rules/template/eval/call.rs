//! Functions and methods: what they are given, and what comes back.

use super::{Place, State, Stop};
use crate::rules::template::{
    functions::{self, Given},
    node::Term,
    value::{Type, Value},
};

/// What a function or a method takes.
pub(super) struct Signature<'a> {
    pub(super) name: &'a str,
    pub(super) takes: &'a [Type],
    pub(super) variadic: bool,
}

impl Signature<'_> {
    /// The type of a value that it is given.
    fn type_at(&self, at: usize) -> Type {
        let last = self.takes.last().copied().unwrap_or(Type::Any);
        self.takes.get(at).copied().unwrap_or(last)
    }
}

impl<'t> State<'t, '_> {
    /// `whole` is what errors of the function itself are about.
    pub(super) fn call_function(
        &mut self,
        dot: &Value,
        name: &'t str,
        whole: Place<'t>,
        args: &'t [Term],
        last: Option<Value>,
    ) -> Result<Value, Stop> {
        let Some(function) = functions::find(name) else {
            return Err(
                self.fault(format!("{} is not a defined function", crate::metrics::quote::quoted(name)))
            );
        };
        let signature = Signature { name, takes: function.takes, variadic: function.variadic };
        if matches!(name, "and" | "or") {
            self.count(&signature, args.len(), last.is_some())?;
            return self.short_circuit(dot, name == "or", args, last);
        }
        let callee = args.first().map(ToString::to_string);
        let mut values = self.arguments(dot, &signature, args, last)?;
        if name == "call" {
            let callee = callee.unwrap_or_else(|| {
                let first = values.first().map(Value::unboxed);
                match first {
                    Some(Value::Text(text)) => String::from_utf8_lossy(&text).into_owned(),
                    value => format!("<{} Value>", value.map_or("invalid", |value| value.type_name())),
                }
            });
            values.insert(0, Value::text(callee));
        }
        let given = (function.run)(self.context, &values);
        self.given(given, name, whole)
    }

    /// What came back, or an error.
    pub(super) fn given(&mut self, given: Given, name: &str, whole: Place<'t>) -> Result<Value, Stop> {
        given.map_err(|what| {
            self.place = whole;
            self.fault(format!("error calling {name}: {what}"))
        })
    }

    /// What it is given, by its types.
    pub(super) fn arguments(
        &mut self,
        dot: &Value,
        signature: &Signature<'_>,
        args: &'t [Term],
        last: Option<Value>,
    ) -> Result<Vec<Value>, Stop> {
        self.count(signature, args.len(), last.is_some())?;
        let mut values = Vec::with_capacity(args.len() + 1);
        for arg in args {
            let takes = signature.type_at(values.len());
            values.push(self.argument(dot, takes, arg)?);
        }
        if let Some(last) = last {
            values.push(self.validate(last, signature.type_at(values.len()))?);
        }
        for (at, value) in values.iter_mut().enumerate() {
            if signature.type_at(at) == Type::Any {
                *value = value.unboxed();
            }
        }
        Ok(values)
    }

    fn count(&self, signature: &Signature<'_>, args: usize, has_last: bool) -> Result<(), Stop> {
        let (name, takes, given) = (signature.name, signature.takes.len(), args + usize::from(has_last));
        if signature.variadic && given + 1 < takes {
            let least = takes - 1;
            return Err(
                self.fault(format!("wrong number of args for {name}: want at least {least} got {args}"))
            );
        }
        if !signature.variadic && given != takes {
            return Err(self.fault(format!("wrong number of args for {name}: want {takes} got {given}")));
        }
        Ok(())
    }

    /// `and` and `or` read no more than they need.
    fn short_circuit(
        &mut self,
        dot: &Value,
        wanted: bool,
        args: &'t [Term],
        last: Option<Value>,
    ) -> Result<Value, Stop> {
        let mut value = Value::Nil;
        for arg in args {
            value = self.argument(dot, Type::Reflected, arg)?;
            if value.is_true() == wanted {
                return Ok(value);
            }
        }
        Ok(last.unwrap_or(value))
    }
}
