//! How well somebody knows each rule.

use super::Rule;
use std::collections::HashMap;

/// Right answers and answers, by rule.
#[derive(Default)]
pub struct Score {
    by_rule: HashMap<Rule, (usize, usize)>,
}

impl Score {
    pub fn add(&mut self, rule: Rule, right: bool) {
        let (good, all) = self.by_rule.entry(rule).or_default();
        *good += usize::from(right);
        *all += 1;
    }

    pub fn text(&self) -> String {
        let (good, all) = self
            .by_rule
            .values()
            .fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        let mut text = format!("score: {good} of {all}\n");
        for rule in Rule::ALL {
            if let Some((good, all)) = self.by_rule.get(rule) {
                let told = match good == all {
                    true => "",
                    false => rule.text(),
                };
                let line = format!("  {:<12} {good} of {all}  {told}", rule.name());
                text.push_str(&format!("{}\n", line.trim_end()));
            }
        }
        text
    }
}
