//! From files to figures, through the public interface alone.

mod load;
mod schema;
mod shared_corpora;
