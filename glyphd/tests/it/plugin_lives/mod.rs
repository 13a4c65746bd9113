//! The lives of plugins' processes, beyond one start and one end: started again, given up, ended for what they used,
//! and what is told of each.

mod restarts;
mod terminations;
mod output;
mod walls;
mod attacks;
