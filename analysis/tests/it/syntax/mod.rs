//! The parser beside other parsers, and its printer beside itself.

mod generate;
mod shape;
mod peer;
mod promtool;

use glyph_analysis::promql::Query;
use proptest::{prop_assert_eq, proptest};

use self::{
    generate::{Edition, Random, damaged, expression},
    shape::shape,
};

proptest! {
    #[test]
    fn what_is_printed_is_the_same_expression(seed: u64) {
        let text = expression(&mut Random::new(seed), Edition::Three);
        // Some well-formed ones mean nothing: labels on both sides, names set twice.
        if let Ok(query) = Query::parse(&text) {
            let printed = query.expr.to_string();
            let again = Query::parse(&printed).unwrap_or_else(|e| panic!("{text}\n{printed}\n{e}"));
            prop_assert_eq!(shape(&query.expr), shape(&again.expr));
            prop_assert_eq!(again.expr.to_string(), printed);
        }
    }

    #[test]
    fn what_is_damaged_is_an_expression_or_a_fault_within_it(seed: u64) {
        let mut random = Random::new(seed);
        let text = expression(&mut random, Edition::Three);
        let text = damaged(&mut random, &text);
        if let Err(fault) = Query::parse(&text) {
            assert!(fault.range.start <= fault.range.end && fault.range.end <= text.len());
            assert!(!fault.what.is_empty());
        }
    }
}
