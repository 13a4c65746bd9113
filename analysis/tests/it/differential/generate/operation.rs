//! Operations between two expressions.

use rand::Rng;

use super::{Generator, Shape, Want};

const COMPARISONS: [&str; 6] = ["==", "!=", ">", "<", ">=", "<="];

impl Generator {
    /// An operator between two vectors, or a vector and a number, of which the result has the shape.
    pub(super) fn binary(&mut self, want: Want) -> String {
        let (op, want) = self.operator(want);
        match self.rng.random_range(0..10) {
            0..3 => {
                let (vector, scalar) = (self.operand(want), self.scalar(want));
                if self.odds(3) {
                    format!("{scalar} {op} {vector}")
                } else {
                    format!("{vector} {op} {scalar}")
                }
            }
            3..7 => {
                let how = self.one_to_one(want.shape);
                format!("{} {op} {how}{}", self.operand(want), self.operand(want))
            }
            _ => self.many_to_one(op, want),
        }
    }

    /// An operator, and what its operands have to be.
    fn operator(&mut self, want: Want) -> (String, Want) {
        match self.rng.random_range(0..10) {
            0..5 => (self.pick(&["+", "-", "*"]).to_owned(), want),
            5..7 if !want.exact => (self.pick(&["/", "/", "%", "^", "atan2"]).to_owned(), want.exact()),
            _ => {
                let op = self.pick(&COMPARISONS);
                let bool = if self.odds(3) { " bool" } else { "" };
                (format!("{op}{bool}"), want.exact())
            }
        }
    }

    /// How elements of two vectors of the same shape find each other.
    fn one_to_one(&mut self, shape: Shape) -> String {
        let labels = shape.labels().join(", ");
        let on = format!("on ({labels}) ");
        self.pick(&["", "", on.as_str(), "ignoring (version) ", "ignoring () "]).to_owned()
    }

    /// A vector and one with fewer labels, in either order.
    fn many_to_one(&mut self, op: String, want: Want) -> String {
        let coarser = match want.shape {
            Shape::Code => self.pick(&[Shape::Instance, Shape::Job]),
            Shape::Instance => Shape::Job,
            Shape::Job => Shape::Nothing,
            Shape::Nothing => return format!("{} {op} {}", self.operand(want), self.operand(want)),
        };
        let many = self.operand(want);
        if want.shape != Shape::Job && self.odds(3) {
            let include = self.pick(&["version", "version, missing", "", "job"]);
            return format!("{many} {op} on (job, instance) group_left ({include}) build_info");
        }
        let one = self.operand(want.of(coarser));
        let on = match self.odds(3) {
            true => {
                let kept = coarser.labels();
                let gone: Vec<&str> =
                    want.shape.labels().iter().filter(|l| !kept.contains(l)).copied().collect();
                format!("ignoring ({})", gone.join(", "))
            }
            false => format!("on ({})", coarser.labels().join(", ")),
        };
        if self.odds(2) {
            format!("{many} {op} {on} group_left {one}")
        } else {
            format!("{one} {op} {on} group_right {many}")
        }
    }

    /// Elements of one vector, by whether they are in the other.
    pub(super) fn set(&mut self, want: Want) -> String {
        let op = self.pick(&["and", "or", "unless"]);
        let on = match want.shape {
            Shape::Nothing => "",
            _ => self.pick(&["", "", "on (job) ", "ignoring (instance) ", "on () "]),
        };
        // `or` on fewer labels would have elements that are the same.
        let on = if op == "or" { "" } else { on };
        format!("{} {op} {on}{}", self.operand(want), self.operand(want))
    }

    /// Whatever: labels need not fit.
    pub(super) fn unmatched(&mut self, want: Want) -> String {
        let shapes = [Shape::Code, Shape::Instance, Shape::Job, Shape::Nothing];
        let (left, right) = (self.pick(&shapes), self.pick(&shapes));
        let op = self.pick(&["+", "*", "and", "or", "unless", ">", "== bool", "-"]);
        let how =
            self.pick(&["", "on (job) ", "ignoring (code) ", "on () ", "ignoring (job) ", "on (job, code) "]);
        let sets = ["and", "or", "unless"].contains(&op);
        let group =
            if how.is_empty() || sets { "" } else { self.pick(&["", "group_left ", "group_right (code) "]) };
        let deeper = want.deeper().exact();
        format!("{} {op} {how}{group}{}", self.operand(deeper.of(left)), self.operand(deeper.of(right)))
    }

    /// What is no expression, or has no value.
    pub(super) fn fault(&mut self) -> String {
        let faults = [
            "sum(1)",
            "rate(load)",
            "1 == 2",
            "load[5m] + 1",
            "load and 1",
            "load + bool queue",
            "load and on (job) group_left queue",
            "load + on (job) group_left (job) queue",
            "load offset 1m offset 2m",
            "load @ 1 @ 2",
            "load[5m][5m]",
            "load[5m:1m",
            "load[0s]",
            "load{job=~\"(\"}",
            "{}",
            "{job=~\".*\"}",
            "{__name__=\"load\",job=\"\"}",
            "sum by (job) without (job) (load)",
            "nothing(load)",
            "abs()",
            "abs(load, queue)",
            "clamp(load, 1)",
            "quantile_over_time(\"a\", load[1m])",
            "label_replace(load, \"new\", \"$1\", \"job\", \"(\")",
            "label_replace(load, \"instance\", \"same\", \"job\", \".*\")",
            "topk(NaN, load)",
            "bottomk(1e300, load)",
            "count_values(1, load)",
            "sum by (job) (load) + sum by (instance) (load)",
            "load + ignoring (instance) queue",
            "load == ignoring (instance) group_left queue",
            "-\"text\"",
            "(load",
            "load)",
            "load{job}",
            "1 +",
        ];
        self.pick(&faults).to_owned()
    }
}
