//! A layout for small graphs: layers from left to right, so that what calls stands before what is called.
//!
//! In: how many nodes there are, and edges between them by position. Out: [`Layout`], where each node stands and which way
//! each edge takes. Sugiyama's method in its simplest form: edges that close a cycle are turned round, a node's layer is
//! the longest way to it, long edges pass through every layer between, and each layer is sorted by the middle of its neighbours.
//! Not here: sizes, pixels.

/// How often layers are sorted, forth and back.
const SWEEPS: usize = 8;

/// Where everything stands. Layers are one apart, and so at least are the nodes of a layer.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Layout {
    /// The layer of each node and its height within, both from 0.
    pub nodes: Vec<(usize, f64)>,
    /// The points that each edge goes through, in the direction in which it was given; one to itself has its node only.
    pub edges: Vec<Vec<(usize, f64)>>,
    /// How many layers there are.
    pub layers: usize,
    /// The greatest height.
    pub height: f64,
}

impl Layout {
    /// Lays out a graph.
    pub fn of(nodes: usize, edges: &[(usize, usize)]) -> Self {
        let forward = forward(nodes, edges);
        let mut layer = layers(nodes, &forward);
        // Every edge as steps from one layer to the next, through points that are no nodes.
        let mut steps: Vec<(usize, usize)> = Vec::new();
        let mut ways: Vec<Vec<usize>> = Vec::new();
        for (from, to) in &forward {
            let mut way = vec![*from];
            for between in layer[*from] + 1..layer[*to] {
                layer.push(between);
                way.push(layer.len() - 1);
            }
            if from != to {
                way.push(*to);
            }
            steps.extend(way.windows(2).map(|two| (two[0], two[1])));
            ways.push(way);
        }
        let y = heights(&layer, &steps);
        let point = |at: &usize| (layer[*at], y[*at]);
        let mut ways: Vec<Vec<_>> = ways.iter().map(|way| way.iter().map(point).collect()).collect();
        for (way, (given, used)) in ways.iter_mut().zip(edges.iter().zip(&forward)) {
            if given != used {
                way.reverse();
            }
        }
        Self {
            nodes: (0..nodes).map(|node| point(&node)).collect(),
            edges: ways,
            layers: layer.iter().max().map_or(0, |last| last + 1),
            height: y.iter().copied().fold(0.0, f64::max),
        }
    }
}

/// The edges, those turned round that lead back to where the way to them came from.
fn forward(nodes: usize, edges: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let mut out: Vec<Vec<usize>> = vec![Vec::new(); nodes];
    let mut incoming = vec![0; nodes];
    for (at, (from, to)) in edges.iter().enumerate().filter(|(_, (from, to))| from != to) {
        out[*from].push(at);
        incoming[*to] += 1;
    }
    let mut forward = edges.to_vec();
    let (mut is_known, mut is_open) = (vec![false; nodes], vec![false; nodes]);
    let mut starts: Vec<usize> = (0..nodes).collect();
    starts.sort_by_key(|node| incoming[*node]);
    for start in starts {
        // Each with the next of its edges to follow.
        let mut way = vec![(start, 0)];
        if std::mem::replace(&mut is_known[start], true) {
            continue;
        }
        is_open[start] = true;
        while let Some((node, next)) = way.last_mut() {
            let Some(edge) = out[*node].get(*next) else {
                is_open[*node] = false;
                way.pop();
                continue;
            };
            *next += 1;
            let (from, to) = edges[*edge];
            if is_open[to] {
                forward[*edge] = (to, from);
            } else if !std::mem::replace(&mut is_known[to], true) {
                is_open[to] = true;
                way.push((to, 0));
            }
        }
    }
    forward
}

/// The longest way to each node along edges without a cycle.
fn layers(nodes: usize, edges: &[(usize, usize)]) -> Vec<usize> {
    let mut layer = vec![0; nodes];
    let mut missing = vec![0; nodes];
    edges.iter().filter(|(from, to)| from != to).for_each(|(_, to)| missing[*to] += 1);
    let mut ready: Vec<usize> = (0..nodes).filter(|node| missing[*node] == 0).collect();
    while let Some(node) = ready.pop() {
        for (_, to) in edges.iter().filter(|(from, to)| *from == node && *to != node) {
            layer[*to] = layer[*to].max(layer[node] + 1);
            missing[*to] -= 1;
            if missing[*to] == 0 {
                ready.push(*to);
            }
        }
    }
    layer
}

/// How high each point stands in its layer.
fn heights(layer: &[usize], steps: &[(usize, usize)]) -> Vec<f64> {
    let count = layer.iter().max().map_or(0, |last| last + 1);
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); count];
    layer.iter().enumerate().for_each(|(point, of)| members[*of].push(point));
    let (mut before, mut after) = (vec![Vec::new(); layer.len()], vec![Vec::new(); layer.len()]);
    for (from, to) in steps {
        after[*from].push(*to);
        before[*to].push(*from);
    }
    let mut y: Vec<f64> = vec![0.0; layer.len()];
    members.iter().for_each(|of| of.iter().enumerate().for_each(|(at, point)| y[*point] = at as f64));
    for sweep in 0..SWEEPS {
        let (order, neighbours): (Vec<usize>, _) = if sweep % 2 == 0 {
            ((0..count).collect(), &before)
        } else {
            ((0..count).rev().collect(), &after)
        };
        for of in order {
            let mut wishes: Vec<(f64, usize)> = members[of]
                .iter()
                .map(|point| (middle(&neighbours[*point], &y).unwrap_or(y[*point]), *point))
                .collect();
            wishes.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            members[of] = wishes.iter().map(|wish| wish.1).collect();
            apart(&wishes, &mut y);
        }
    }
    let top = y.iter().copied().fold(f64::INFINITY, f64::min);
    y.iter_mut().for_each(|y| *y -= top);
    y
}

fn middle(neighbours: &[usize], y: &[f64]) -> Option<f64> {
    let sum: f64 = neighbours.iter().map(|point| y[*point]).sum();
    (!neighbours.is_empty()).then(|| sum / neighbours.len() as f64)
}

/// Gives each point of a layer what it wishes as far as they stay one apart, and all of them the middle of the wishes.
fn apart(wishes: &[(f64, usize)], y: &mut [f64]) {
    let mut least = f64::NEG_INFINITY;
    for (wish, point) in wishes {
        y[*point] = wish.max(least);
        least = y[*point] + 1.0;
    }
    let pushed: f64 = wishes.iter().map(|(wish, point)| y[*point] - wish).sum();
    let back = pushed / wishes.len().max(1) as f64;
    wishes.iter().for_each(|(_, point)| y[*point] -= back);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn who_calls_stands_before_who_is_called() {
        // 0 → 1 → 2, 0 → 2, and 2 → 0 closes a cycle.
        let layout = Layout::of(3, &[(0, 1), (1, 2), (0, 2), (2, 0), (1, 1)]);
        assert_eq!(layout.nodes.iter().map(|node| node.0).collect::<Vec<_>>(), [0, 1, 2]);
        let layers = |edge: usize| layout.edges[edge].iter().map(|point| point.0).collect::<Vec<_>>();
        assert_eq!(
            (layers(0), layers(2), layers(3), layers(4)),
            (vec![0, 1], vec![0, 1, 2], vec![2, 1, 0], vec![1])
        );
    }

    #[test]
    fn edges_cross_only_where_they_must() {
        let layout = Layout::of(4, &[(0, 3), (1, 2)]);
        let y = |node: usize| layout.nodes[node].1;
        assert_eq!(y(0) < y(1), y(3) < y(2));
        assert_eq!(Layout::of(0, &[]), Layout::default());
    }

    proptest! {
        #[test]
        fn no_two_nodes_touch_and_no_edge_is_lost(edges in prop::collection::vec((0_usize..9, 0_usize..9), 0..30)) {
            let layout = Layout::of(9, &edges);
            for (a, one) in layout.nodes.iter().enumerate() {
                prop_assert!(one.1 >= 0.0 && one.1 <= layout.height && one.0 < layout.layers);
                for other in &layout.nodes[..a] {
                    prop_assert!(one.0 != other.0 || (one.1 - other.1).abs() > 0.999);
                }
            }
            for ((from, to), way) in edges.iter().zip(&layout.edges) {
                prop_assert_eq!((way[0], way[way.len() - 1]), (layout.nodes[*from], layout.nodes[*to]));
                prop_assert!(way.windows(2).all(|two| two[0].0.abs_diff(two[1].0) == 1));
            }
        }
    }
}
