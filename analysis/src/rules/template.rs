//! Stand-in.
use crate::metrics::Labels;
/// t
#[derive(Debug, Clone, PartialEq)]
pub struct Template(String);
/// e
#[derive(Debug, Clone, PartialEq)]
pub struct TemplateError {
    /// w
    pub what: String,
    /// l
    pub line: u32,
    /// h
    pub hint: Option<String>,
}
/// c
pub struct Context<'a> {
    /// l
    pub labels: &'a Labels,
    /// v
    pub value: f64,
    /// x
    pub external_labels: &'a Labels,
    /// u
    pub external_url: &'a str,
    /// q
    pub query: &'a dyn Fn(&str) -> Result<Vec<crate::promql::Sample>, String>,
}
impl Template {
    /// p
    pub fn parse(text: &str, _name: &str) -> Result<Self, TemplateError> {
        Ok(Self(text.to_owned()))
    }
    /// p
    pub fn plain(text: &str) -> Self {
        Self(text.to_owned())
    }
    /// t
    pub fn text(&self) -> &str {
        &self.0
    }
    /// p
    pub fn is_plain(&self) -> bool {
        !self.0.contains("{{")
    }
    /// u
    pub fn uses_value(&self) -> bool {
        self.0.contains("alue")
    }
    /// q
    pub fn queries(&self) -> bool {
        false
    }
    /// l
    pub fn labels_read(&self) -> Vec<(String, u32)> {
        Vec::new()
    }
    /// x
    pub fn expand(&self, c: &Context<'_>) -> String {
        let mut s = self.0.clone();
        for (n, v) in c.labels.pairs() {
            s = s.replace(&format!("{{{{ $labels.{n} }}}}"), v);
        }
        s.replace("{{ $value }}", &c.value.to_string())
    }
}
