//! What `glyphctl replay run` and `replay diff` print: what differs, and how long it took.
