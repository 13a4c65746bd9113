//! From files to figures, through the public interface alone.

mod load;
mod formats;
mod truncated;
mod promql;
mod syntax;
mod promqltest;
mod rules;
mod schema;
mod shipped;
mod shared_corpora;
