//! Changes that keep an input JSON: a value replaced, doubled, moved or left out.

use serde_json::Value;

/// Values that readers stumble over.
const ODD: [&str; 24] = [
    "null",
    "true",
    "0",
    "1",
    "-1",
    "1.5",
    "1e300",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "\"\"",
    "\"0\"",
    "\"18446744073709551615\"",
    "\"0x1\"",
    "\"b7ad6b7169203331\"",
    "\"0af7651916cd43dd8448eb211c80319c\"",
    "\"CLIENT\"",
    "\"SERVER\"",
    "\"server\"",
    "[]",
    "{}",
    "[[]]",
    "\"2026-01-01T00:00:00.000000001Z\"",
];

/// Changes the input in place and says how long it is now. What is no JSON, and half of what is, is left to libFuzzer.
pub fn mutate(data: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    let mut random = Random(u64::from(seed) | 1);
    let parsed = (random.below(2) == 0).then(|| {
        serde_json::Deserializer::from_slice(&data[..size]).into_iter().collect::<Result<Vec<Value>, _>>()
    });
    let Some(Ok(mut values)) = parsed.filter(|values| values.as_ref().is_ok_and(|v| !v.is_empty())) else {
        return libfuzzer_sys::fuzzer_mutate(data, size, max_size);
    };
    for _ in 0..=random.below(3) {
        let which = random.below(values.len());
        change(&mut values[which], &mut random);
    }
    let between = if random.below(4) == 0 { " " } else { "\n" };
    let text = values.iter().map(Value::to_string).collect::<Vec<_>>().join(between);
    if text.len() > max_size {
        return libfuzzer_sys::fuzzer_mutate(data, size, max_size);
    }
    data[..text.len()].copy_from_slice(text.as_bytes());
    text.len()
}

/// Goes down into a value for a while and changes what is there.
fn change(value: &mut Value, random: &mut Random) {
    if random.below(5) > 0 {
        match value {
            Value::Array(list) if !list.is_empty() => {
                let which = random.below(list.len());
                match random.below(8) {
                    0 => drop(list.remove(which)),
                    1 => list.push(list[which].clone()),
                    2 => list.swap(0, which),
                    _ => change(&mut list[which], random),
                }
                return;
            }
            Value::Object(object) if !object.is_empty() => {
                let keys: Vec<String> = object.keys().cloned().collect();
                let key = &keys[random.below(keys.len())];
                match random.below(8) {
                    0 => drop(object.remove(key)),
                    1 => {
                        let from = object[&keys[random.below(keys.len())]].clone();
                        object.insert(key.clone(), from);
                    }
                    _ => {
                        if let Some(inner) = object.get_mut(key) {
                            change(inner, random);
                        }
                    }
                }
                return;
            }
            _ => {}
        }
    }
    *value = match value {
        Value::String(text) if random.below(3) == 0 => Value::String(text.chars().rev().collect()),
        _ => ODD[random.below(ODD.len())].parse().unwrap_or(Value::Null),
    };
}

/// xorshift: the same seed, the same change.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % bound
    }
}
