//! `index`, `slice`, `len` and `call`.

use std::rc::Rc;

use super::Given;
use crate::rules::template::value::Value;

/// An element, or an element of that, and so on.
pub(super) fn index(values: &[Value]) -> Given {
    let Some((first, indexes)) = values.split_first() else { return Err("index of untyped nil".to_owned()) };
    let mut item = first.unboxed();
    if item == Value::Nil {
        return Err("index of untyped nil".to_owned());
    }
    for index in indexes {
        if matches!(item, Value::Sample(None) | Value::Interface(None)) {
            return Err("index of nil pointer".to_owned());
        }
        item = element(&item.unboxed(), &index.unboxed())?;
    }
    Ok(item)
}

fn element(item: &Value, index: &Value) -> Given {
    match item {
        Value::Text(text) | Value::Html(text) => {
            let byte = text.get(position(index, text.len())?).copied();
            byte.map(Value::Byte).ok_or_else(|| "reflect: string index out of range".to_owned())
        }
        Value::Samples(samples) => {
            let samples = samples.as_deref().unwrap_or_default();
            let sample = samples.get(position(index, samples.len())?).cloned();
            let sample = sample.ok_or_else(|| "reflect: slice index out of range".to_owned())?;
            Ok(Value::Sample(Some(sample)))
        }
        Value::Labels(labels) => Ok(Value::text(labels.get(&key(index)?))),
        Value::Args(args) => Ok(args.get(&key(index)?).cloned().unwrap_or(Value::Nil).boxed()),
        item => Err(format!("can't index item of type {}", item.pointed_type_name())),
    }
}

/// The key of a map.
fn key(index: &Value) -> Result<String, String> {
    match index {
        Value::Text(text) => Ok(String::from_utf8_lossy(text).into_owned()),
        Value::Nil => Err("value is nil; should be of type string".to_owned()),
        index => Err(format!("value has type {}; should be string", index.type_name())),
    }
}

/// A place in a list, or just behind it.
fn position(index: &Value, length: usize) -> Result<usize, String> {
    let index = index.unboxed();
    let Some(whole) = index.whole() else {
        let of = if index == Value::Nil { "nil".to_owned() } else { format!("type {}", index.type_name()) };
        return Err(format!("cannot index slice/array with {of}"));
    };
    let position = usize::try_from(whole).ok().filter(|position| *position <= length);
    position.ok_or_else(|| format!("index out of range: {whole}"))
}

/// A part of a text or a list.
pub(super) fn slice(values: &[Value]) -> Given {
    let Some((first, indexes)) = values.split_first() else { return Err("slice of untyped nil".to_owned()) };
    let item = first.unboxed();
    match item {
        Value::Nil => return Err("slice of untyped nil".to_owned()),
        Value::Sample(None) => return Err("slice of nil pointer".to_owned()),
        _ if indexes.len() > 3 => return Err(format!("too many slice indexes: {}", indexes.len())),
        _ => {}
    }
    let length = match &item {
        Value::Text(_) | Value::Html(_) if indexes.len() == 3 => {
            return Err("cannot 3-index slice a string".to_owned());
        }
        Value::Text(text) | Value::Html(text) => text.len(),
        Value::Samples(samples) => samples.as_ref().map_or(0, |samples| samples.len()),
        item => return Err(format!("can't slice item of type {}", item.pointed_type_name())),
    };
    let mut places = [0, length, length];
    for (place, index) in places.iter_mut().zip(indexes) {
        *place = position(index, length)?;
    }
    let [from, to, most] = places;
    for (a, b) in [(from, to), (to, most)] {
        if a > b {
            return Err(format!("invalid slice index: {a} > {b}"));
        }
    }
    Ok(match &item {
        Value::Text(text) => Value::text(&text[from..to]),
        Value::Html(text) => Value::Html(text[from..to].into()),
        Value::Samples(samples) => Value::Samples(
            samples.as_ref().map(|samples| samples[from..to].iter().cloned().collect::<Rc<[_]>>()),
        ),
        item => item.clone(),
    })
}

/// How long something is.
pub(super) fn len(value: &Value) -> Given {
    let length = match value {
        Value::Interface(None) | Value::Sample(None) => return Err("len of nil pointer".to_owned()),
        Value::Interface(Some(inner)) => return len(inner),
        Value::Nil => return Err("reflect: call of reflect.Value.Type on zero Value".to_owned()),
        Value::Text(text) | Value::Html(text) => text.len(),
        Value::Labels(labels) => labels.pairs().len(),
        Value::Args(args) => args.len(),
        Value::Samples(samples) => samples.as_ref().map_or(0, |samples| samples.len()),
        value => return Err(format!("len of type {}", value.pointed_type_name())),
    };
    Ok(Value::Int(i64::try_from(length).unwrap_or(i64::MAX)))
}

/// No value of an alert is a function. The first value is how it was written.
pub(super) fn call(values: &[Value]) -> Given {
    let name = values.first().and_then(Value::bytes).map(|name| String::from_utf8_lossy(name).into_owned());
    match values.get(1).map_or(Value::Nil, Value::unboxed) {
        Value::Nil => Err("call of nil".to_owned()),
        value => Err(format!("non-function {} of type {}", name.unwrap_or_default(), value.type_name())),
    }
}
