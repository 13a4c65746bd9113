//! Traces: many spans in columns, and what can be said of them.
//!
//! In: paths of span files. Out: a [`summary`], a trace for viewers ([`chrome`], [`perfetto`]), stacks for a flame graph
//! ([`folded`]), a [`waterfall`], a [`report`] of all of it, who calls whom ([`graph`]), files for other engines ([`parquet`]). Not here: what the command line does with them.

// From files to columns.
pub mod load;
pub mod columns;
mod attribute;
pub mod oddity;

// Which of it counts.
pub mod duration;
pub mod filter;
pub mod window;
pub mod selection;

// Which row each span belongs to, and all spans by trace, on disk where they are many.
mod peer;
pub mod group;
mod partitions;
mod cores;
mod sorted;

// From columns to who caused whom, and what it cost.
pub mod tree;
mod example;
pub mod self_time;
pub mod critical_path;
pub mod lifetime;

// From both to what people look at.
pub mod summary;
pub mod graph;
pub mod diff;
pub mod lanes;
pub mod picture;
pub mod chrome;
pub mod perfetto;
pub mod folded;
pub mod parquet;
pub mod waterfall;
pub mod report;

pub use columns::Spans;
pub use critical_path::CriticalPath;
pub use filter::{Filter, FilterError};
pub use group::Grouping;
pub use load::{Keep, LoadError, Loaded, Sources, load, load_only};
pub use oddity::{Oddities, Oddity};
pub use selection::Choice;
pub use sorted::Sorted;
pub use tree::Tree;
pub use window::Window;

/// Spans with their tree: what every answer starts from.
#[derive(Debug)]
pub struct Traces {
    /// The spans, in the order of the files.
    pub spans: Spans,
    /// Who caused whom.
    pub tree: Tree,
    /// What is odd about the files or the tree.
    pub oddities: Oddities,
}

impl Traces {
    /// Finds each span's parent.
    pub fn resolve(spans: Spans, mut oddities: Oddities) -> Self {
        let mut odd = Oddities::default();
        let tree = Tree::resolve(spans.links(), &mut odd);
        example::place_all(&spans, &tree, &mut odd);
        oddities.absorb(&odd);
        Self { spans, tree, oddities }
    }

    /// When the first span of trace `t` starts and the last one ends.
    pub(crate) fn extent(&self, t: usize) -> (u64, u64) {
        let each = || self.tree.trace(t).iter().map(|i| *i as usize);
        let start = each().map(|i| self.spans.start[i]).min().unwrap_or(0);
        (start, each().map(|i| self.spans.end[i]).max().unwrap_or(start))
    }

    /// Of each span, the time in which no child of it ran.
    pub fn self_times(&self) -> Vec<u64> {
        self_time::self_times(&self.spans.start, &self.spans.end, &self.tree)
    }

    /// What of all that the traces waited for.
    pub fn critical_path(&self) -> CriticalPath {
        critical_path::critical_path(&self.spans.start, &self.spans.end, &self.tree)
    }

    /// A row for each service and name.
    pub fn summarize(&self) -> summary::Summary {
        self.summarize_by(&Grouping::by(&group::Key::DEFAULT))
    }

    /// A row for each group of spans. Attributes must have been kept for those that it is by; without, no span has any.
    pub fn summarize_by(&self, grouping: &Grouping) -> summary::Summary {
        summary::summarize(self, grouping)
    }
}

#[cfg(test)]
pub(crate) mod arbitrary;
#[cfg(test)]
pub(crate) mod lines;
