//! Who caused whom: each span's parent and children, by position.
//!
//! In: the columns with the ids. Out: a [`Tree`] in which every way up ends at a root, whatever the file claims.
//! Nothing here recurses: traces may be as deep as the file is long.
//!
//! Client and server of one RPC may share an id, as Zipkin's B3 has it, in files of any format. The server's half is
//! then a child of the client's, whatever parent it names, and who names the id as its parent is a child of one of
//! them: of the server's half if that is of its own service, else of the client's if that is, else of the (first)
//! server's. The first two are what Zipkin does (`zipkin2.internal.SpanNode`); where no service tells, Zipkin takes the
//! client and Jaeger (`adjuster/spaniduniquifier.go`) the server. The server it is here: it is who the id was
//! handed to.

use glyph_formats::span::SpanKind;
use rustc_hash::FxHashMap;

use super::oddity::{Oddities, Oddity};

const NONE: u32 = u32::MAX;

/// The columns that a tree is made of.
#[derive(Debug, Clone, Copy)]
pub struct Links<'a> {
    /// The trace of each span, as a number below `traces`.
    pub trace: &'a [u32],
    /// How many traces there are.
    pub traces: usize,
    /// The id of each span.
    pub span_id: &'a [u64],
    /// The id of each span's parent, zero for none.
    pub parent_id: &'a [u64],
    /// The service of each span, as a number.
    pub service: &'a [u32],
    /// The role of each span.
    pub kind: &'a [SpanKind],
    /// When each span starts.
    pub start: &'a [u64],
}

/// Parents and children of spans, all by position in the columns.
#[derive(Debug, Default)]
pub struct Tree {
    parent: Vec<u32>,
    children: Groups,
    traces: Groups,
}

impl Tree {
    /// Finds each span's parent among the spans of its trace, counts what is odd, and breaks cycles.
    pub fn resolve(links: Links<'_>, oddities: &mut Oddities) -> Self {
        let traces = Groups::by(links.trace, links.traces);
        let mut parent = find_parents(&links, &traces, oddities);
        break_cycles(&mut parent, links.start, oddities);
        oddities.add(Oddity::ClockSkew, skewed(&parent, &links));
        let mut children = Groups::by(&parent, parent.len());
        for i in 0..parent.len() {
            children.get_mut(i).sort_unstable_by_key(|c| (links.start[*c as usize], *c));
        }
        Self { parent, children, traces }
    }

    /// How many spans there are.
    pub fn len(&self) -> usize {
        self.parent.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.parent.is_empty()
    }

    /// The parent of span `i`; none for a root.
    pub fn parent(&self, i: usize) -> Option<usize> {
        let parent = self.parent[i];
        (parent != NONE).then_some(parent as usize)
    }

    /// The children of span `i`, by start.
    pub fn children(&self, i: usize) -> &[u32] {
        self.children.get(i)
    }

    /// The spans of trace `t`, in the order of the files.
    pub fn trace(&self, t: usize) -> &[u32] {
        self.traces.get(t)
    }

    /// Every span without a parent.
    pub fn roots(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.len()).filter(|i| self.parent[*i] == NONE)
    }

    /// How many ancestors each span has.
    pub fn depths(&self) -> Vec<u32> {
        let mut depths = vec![0; self.len()];
        for i in self.down() {
            if let Some(parent) = self.parent(i as usize) {
                depths[i as usize] = depths[parent] + 1;
            }
        }
        depths
    }

    /// Every span, each after its parent.
    pub(crate) fn down(&self) -> Vec<u32> {
        let mut all: Vec<u32> = self.roots().map(|i| i as u32).collect();
        let mut next = 0;
        while let Some(i) = all.get(next).copied() {
            all.extend(self.children(i as usize));
            next += 1;
        }
        all
    }
}

fn find_parents(links: &Links<'_>, traces: &Groups, oddities: &mut Oddities) -> Vec<u32> {
    let mut parent = vec![NONE; links.span_id.len()];
    let (mut orphans, mut duplicates) = (0, 0);
    let mut by_id: Vec<(u64, u32)> = Vec::new();
    let mut shared = Shared::default();
    for trace in 0..links.traces {
        let spans = traces.get(trace);
        by_id.clear();
        by_id.extend(spans.iter().map(|i| (links.span_id[*i as usize], *i)));
        by_id.sort_unstable();
        if by_id.windows(2).any(|two| two[0].0 == two[1].0) {
            duplicates += shared.find(&by_id, links);
            by_id.dedup_by_key(|(id, _)| *id);
        } else {
            shared.clear();
        }
        for i in spans {
            let at = *i as usize;
            let wanted = links.parent_id[at];
            if let Some(client) = shared.client_of(*i) {
                parent[at] = client;
            } else if let Some(half) = shared.parent(wanted, links.service[at], links.service) {
                parent[at] = half;
            } else if wanted != 0 {
                match by_id.binary_search_by_key(&wanted, |(id, _)| *id) {
                    Ok(found) => parent[at] = by_id[found].1,
                    Err(_) => orphans += 1,
                }
            }
        }
        oddities.add(Oddity::SharedId, shared.client_of.len() as u64);
    }
    oddities.add(Oddity::DuplicateId, duplicates);
    oddities.add(Oddity::Orphan, orphans);
    parent
}

/// The ids of a trace that a client has together with a server.
#[derive(Debug, Default)]
struct Shared {
    /// By id, the client's span and the first server's.
    halves: FxHashMap<u64, (u32, u32)>,
    /// The server's span of each service.
    servers: FxHashMap<(u64, u32), u32>,
    /// The client's span of each server's.
    client_of: FxHashMap<u32, u32>,
}

impl Shared {
    fn clear(&mut self) {
        // Clearing takes as long as the largest trace so far had ids.
        if !self.halves.is_empty() {
            *self = Self::default();
        }
    }

    /// Finds those of one trace, whose spans come by id; how many other spans have the id of another is what comes out.
    fn find(&mut self, by_id: &[(u64, u32)], links: &Links<'_>) -> u64 {
        self.clear();
        let mut duplicates = 0;
        for same in by_id.chunk_by(|a, b| a.0 == b.0).filter(|same| same.len() > 1) {
            duplicates += same.len() as u64 - 1;
            let kind = |i: u32| links.kind[i as usize];
            let Some((id, client)) = same.iter().find(|(_, i)| kind(*i) == SpanKind::Client) else {
                continue;
            };
            for (_, server) in same.iter().filter(|(_, i)| kind(*i) == SpanKind::Server) {
                self.halves.entry(*id).or_insert((*client, *server));
                // A second one in the same service is no half, but the same once more.
                self.servers.entry((*id, links.service[*server as usize])).or_insert_with(|| {
                    self.client_of.insert(*server, *client);
                    duplicates -= 1;
                    *server
                });
            }
        }
        duplicates
    }

    /// The client's span that this one is the server's half of.
    fn client_of(&self, i: u32) -> Option<u32> {
        if self.halves.is_empty() { None } else { self.client_of.get(&i).copied() }
    }

    /// Of the halves with that id, the one that a span of `own` service is a child of.
    fn parent(&self, id: u64, own: u32, service: &[u32]) -> Option<u32> {
        if self.halves.is_empty() {
            return None;
        }
        let (client, first_server) = *self.halves.get(&id)?;
        let server = self.servers.get(&(id, own)).copied();
        let client = (service[client as usize] == own).then_some(client);
        Some(server.or(client).unwrap_or(first_server))
    }
}

/// How many spans of another service than their parent's start before it: work that begins before it is asked for,
/// which only two clocks can say. A child that ends after its parent, or starts after its end, is none of them: that
/// is what work that nobody waits for looks like.
fn skewed(parent: &[u32], links: &Links<'_>) -> u64 {
    let Links { service, start, .. } = links;
    let of_another = |(i, p): (usize, &u32)| {
        let p = *p as usize;
        p != NONE as usize && start[i] < start[p] && service[i] != service[p]
    };
    parent.iter().enumerate().filter(|one| of_another(*one)).count() as u64
}

/// Makes the earliest span of each cycle a root.
fn break_cycles(parent: &mut [u32], start: &[u64], oddities: &mut Oddities) {
    const UNSEEN: u32 = 0;
    // The walk on which a span was first met: each walk goes up from one span until it meets a known one.
    let mut walk_of = vec![UNSEEN; parent.len()];
    let mut cycles = 0;
    for from in 0..parent.len() {
        let walk = from as u32 + 1;
        let mut at = from as u32;
        while at != NONE && walk_of[at as usize] == UNSEEN {
            walk_of[at as usize] = walk;
            at = parent[at as usize];
        }
        if at == NONE || walk_of[at as usize] != walk {
            continue;
        }
        cycles += 1;
        let mut earliest = at;
        let mut other = parent[at as usize];
        while other != at {
            if (start[other as usize], other) < (start[earliest as usize], earliest) {
                earliest = other;
            }
            other = parent[other as usize];
        }
        parent[earliest as usize] = NONE;
    }
    oddities.add(Oddity::Cycle, cycles);
}

/// Positions sorted into groups, one vector for all: members of group `g` stand at `first[g]..first[g + 1]`.
#[derive(Debug, Default)]
struct Groups {
    first: Vec<u32>,
    members: Vec<u32>,
}

impl Groups {
    /// Sorts positions by the group that `group` names for each; those with a number of `groups` or more are left
    /// out. The order within a group is that of the positions.
    fn by(group: &[u32], groups: usize) -> Self {
        let mut first = vec![0_u32; groups + 1];
        for g in group {
            if (*g as usize) < groups {
                first[*g as usize + 1] += 1;
            }
        }
        for g in 0..groups {
            first[g + 1] += first[g];
        }
        let mut members = vec![0; first[groups] as usize];
        let mut next = first.clone();
        for (i, g) in group.iter().enumerate() {
            if let Some(at) = next[..groups].get_mut(*g as usize) {
                members[*at as usize] = i as u32;
                *at += 1;
            }
        }
        Self { first, members }
    }

    fn get(&self, group: usize) -> &[u32] {
        &self.members[self.range(group)]
    }

    fn get_mut(&mut self, group: usize) -> &mut [u32] {
        let range = self.range(group);
        &mut self.members[range]
    }

    fn range(&self, group: usize) -> std::ops::Range<usize> {
        self.first[group] as usize..self.first[group + 1] as usize
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn resolve(span_id: &[u64], parent_id: &[u64]) -> (Tree, Oddities) {
        let mut oddities = Oddities::default();
        let n = span_id.len();
        let start: Vec<u64> = (0..n as u64).collect();
        let (trace, service, kind) = (vec![0; n], vec![0; n], vec![SpanKind::Internal; n]);
        let links = Links {
            trace: &trace,
            traces: 1,
            span_id,
            parent_id,
            service: &service,
            kind: &kind,
            start: &start,
        };
        (Tree::resolve(links, &mut oddities), oddities)
    }

    /// The parents of the spans of one trace; each is an id, a parent's id, a service, a kind and a start.
    fn parents(spans: &[(u64, u64, u32, SpanKind, u64)]) -> (Vec<Option<usize>>, Oddities) {
        let mut oddities = Oddities::default();
        let links = Links {
            trace: &vec![0; spans.len()],
            traces: 1,
            span_id: &spans.iter().map(|s| s.0).collect::<Vec<_>>(),
            parent_id: &spans.iter().map(|s| s.1).collect::<Vec<_>>(),
            service: &spans.iter().map(|s| s.2).collect::<Vec<_>>(),
            kind: &spans.iter().map(|s| s.3).collect::<Vec<_>>(),
            start: &spans.iter().map(|s| s.4).collect::<Vec<_>>(),
        };
        let tree = Tree::resolve(links, &mut oddities);
        ((0..spans.len()).map(|i| tree.parent(i)).collect(), oddities)
    }

    #[test]
    fn children_find_their_parents_whatever_the_order() {
        let (tree, oddities) = resolve(&[3, 1, 2], &[2, 0, 1]);
        assert_eq!([tree.parent(0), tree.parent(1), tree.parent(2)], [Some(2), None, Some(1)]);
        assert_eq!(tree.depths(), [2, 0, 1]);
        assert!(oddities.is_empty());
    }

    #[test]
    fn a_parent_of_another_trace_is_none() {
        let mut oddities = Oddities::default();
        let links = Links {
            trace: &[0, 1],
            traces: 2,
            span_id: &[1, 2],
            parent_id: &[0, 1],
            service: &[0, 0],
            kind: &[SpanKind::Internal; 2],
            start: &[0, 0],
        };
        let tree = Tree::resolve(links, &mut oddities);
        assert_eq!(tree.parent(1), None);
        assert_eq!(oddities.get(Oddity::Orphan), 1);
    }

    #[test]
    fn of_two_spans_with_one_id_the_first_has_the_children() {
        let (tree, oddities) = resolve(&[7, 7, 8], &[0, 0, 7]);
        assert_eq!(tree.parent(2), Some(0));
        assert_eq!(oddities.get(Oddity::DuplicateId), 1);
    }

    #[test]
    fn a_server_with_its_clients_id_is_its_child_and_the_rest_goes_by_service() {
        use SpanKind::{Client, Internal, Server};
        let (client, server, other, neither) = (0, 1, 2, 3);
        let spans = [
            (9, 0, client, Internal, 0),
            // The server stands before its client in the file.
            (7, 9, server, Server, 2),
            (7, 9, client, Client, 1),
            (7, 9, other, Server, 3),
            (1, 7, server, Internal, 4),
            (2, 7, client, Internal, 4),
            (3, 7, other, Internal, 4),
            (4, 7, neither, Internal, 4),
            // The same span once more.
            (7, 9, server, Server, 5),
        ];
        let (parents, oddities) = parents(&spans);
        let expected = [None, Some(2), Some(0), Some(2), Some(1), Some(2), Some(3), Some(1), Some(0)];
        assert_eq!(parents, expected);
        assert_eq!((oddities.get(Oddity::SharedId), oddities.get(Oddity::DuplicateId)), (2, 1));
        assert_eq!(oddities.iter().count(), 2);
    }

    #[test]
    fn a_server_whose_client_is_in_none_of_the_files_keeps_its_parent() {
        let spans = [(1, 0, 0, SpanKind::Server, 0), (2, 1, 1, SpanKind::Server, 1)];
        let (parents, oddities) = parents(&spans);
        assert_eq!(parents, [None, Some(0)]);
        assert!(oddities.is_empty());
    }

    #[test]
    fn only_another_service_that_starts_before_its_parent_has_another_clock() {
        let spans = [
            (1, 0, 0, SpanKind::Client, 10),
            (2, 1, 1, SpanKind::Server, 9),
            (3, 1, 0, SpanKind::Internal, 9),
            (4, 1, 1, SpanKind::Consumer, 99),
        ];
        assert_eq!(parents(&spans).1.get(Oddity::ClockSkew), 1);
    }

    #[test]
    fn many_spans_with_one_id_take_no_longer_than_as_many_with_their_own() {
        let half = |i: u64| (7, 7, i as u32, if i == 0 { SpanKind::Client } else { SpanKind::Server }, i);
        let spans: Vec<_> = (0..200_000).map(half).collect();
        let (parents, oddities) = parents(&spans);
        assert_eq!((parents[0], parents[199_999]), (None, Some(0)));
        assert_eq!((oddities.get(Oddity::SharedId), oddities.get(Oddity::Cycle)), (199_999, 1));
    }

    #[test]
    fn cycles_are_broken_at_the_earliest_span() {
        let (tree, oddities) = resolve(&[1, 2, 3, 4, 5], &[3, 1, 2, 4, 3]);
        assert_eq!(tree.roots().collect::<Vec<_>>(), [0, 3]);
        assert_eq!(tree.depths(), [0, 1, 2, 0, 3]);
        assert_eq!(oddities.get(Oddity::Cycle), 2);
    }

    #[test]
    fn a_deep_trace_needs_no_stack() {
        let n = 200_000;
        let ids: Vec<u64> = (1..=n).collect();
        let parents: Vec<u64> = (0..n).collect();
        let (tree, _) = resolve(&ids, &parents);
        assert_eq!(tree.depths().last(), Some(&(n as u32 - 1)));
    }

    proptest! {
        #[test]
        fn every_way_up_ends_at_a_root(parents in proptest::collection::vec(0_u64..12, 1..12)) {
            let ids: Vec<u64> = (1..=parents.len() as u64).collect();
            let (tree, _) = resolve(&ids, &parents);
            for i in 0..tree.len() {
                let mut at = i;
                let mut steps = 0;
                while let Some(up) = tree.parent(at) {
                    prop_assert!(tree.children(up).contains(&(at as u32)));
                    at = up;
                    steps += 1;
                    prop_assert!(steps <= tree.len(), "a cycle is left");
                }
                prop_assert_eq!(steps, tree.depths()[i] as usize);
            }
        }
    }
}
