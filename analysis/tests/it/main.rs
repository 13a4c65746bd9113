//! From files to figures, through the public interface alone.

mod load;
mod formats;
mod timeline;
mod truncated;
mod promql;
mod evaluation;
mod differential;
mod syntax;
mod rules;
mod templates;
mod exposition;
mod schema;
mod shipped;
mod dashboard;
mod deployment;
mod lint;
mod shared_corpora;
