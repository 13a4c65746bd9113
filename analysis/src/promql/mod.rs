//! PromQL: expressions over recorded series, with Prometheus 3's own semantics.
//!
//! In: the text of an expression and a [`crate::metrics::Store`]. Out: a value at a time, or at each step of a
//! range, with the notes that Prometheus gives. Not here: files, rules, native histograms. What an expression asks
//! for and this evaluator lacks is an error with its name and place, never an empty result.
//!
//! ```
//! use glyph_analysis::{metrics::{Labels, Store}, promql::{Evaluator, Query, Settings, Value}};
//!
//! let mut store = Store::new();
//! for (time, value) in [(0, 0.0), (15_000, 30.0), (30_000, 60.0)] {
//!     store.append(&Labels::of([("__name__", "x_total")]), time, value).unwrap();
//! }
//! let query = Query::parse("rate(x_total[1m]) * 60")?;
//! let value = Evaluator::new(&query, Settings::default()).instant(&store, 30_000)?;
//! let Value::Vector(samples) = value else { panic!("a vector") };
//! assert_eq!(samples[0].value, 60.0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

// From text to a tree.
mod lexer;
pub mod duration;
mod parse;
pub mod ast;

// And back.
mod print;

// What a tree needs of a store.
pub mod needs;

// From a tree to values: a node at all steps, then the node above it.
pub mod value;
mod grid;
mod column;
mod row;
mod evaluate;
mod scope;
mod constant;
mod side_by_side;
mod select;
mod range;
mod window;
mod functions;
mod aggregate;
mod binary;

// What is said about both.
pub mod error;
pub mod note;

pub use ast::{Expr, ExprKind, TextRange};
pub use error::{EvalError, EvalErrorKind, ParseError, caret};
pub use evaluate::{Evaluator, Settings};
pub use note::{Level, Note};
pub use parse::Query;
pub use value::{RangeSeries, Sample, Value, ValueType, number};

pub(crate) use binary::matched_labels;
pub(crate) use error::line_and_column;
