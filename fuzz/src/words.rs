//! Changes by words, of which a target has its own: one put in, taken out, or repeated.

/// Puts a word in or takes one out, half of the time; the rest is left to libFuzzer.
pub fn mutate_words(vocabulary: &[&str], data: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    let mut random = seed as usize | 1;
    let mut below = |n: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % n.max(1)
    };
    let Some(text) = std::str::from_utf8(&data[..size]).ok().filter(|_| below(2) == 0) else {
        return libfuzzer_sys::fuzzer_mutate(data, size, max_size);
    };
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut words: Vec<&str> = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end =
            if is_word(first) { rest.find(|c| !is_word(c)).unwrap_or(rest.len()) } else { first.len_utf8() };
        words.push(&rest[..end]);
        rest = &rest[end..];
    }
    for _ in 0..=below(3) {
        let at = below(words.len() + 1);
        match below(4) {
            0 if at < words.len() => drop(words.remove(at)),
            1 if at < words.len() => words[at] = vocabulary[below(vocabulary.len())],
            2 if at < words.len() => {
                // A part of it again, somewhere else.
                let part = words[at..(at + 1 + below(8)).min(words.len())].to_vec();
                let to = below(words.len() + 1);
                words.splice(to..to, part);
            }
            _ => words.insert(at, vocabulary[below(vocabulary.len())]),
        }
    }
    let text = words.concat();
    if text.len() > max_size {
        return libfuzzer_sys::fuzzer_mutate(data, size, max_size);
    }
    data[..text.len()].copy_from_slice(text.as_bytes());
    text.len()
}
