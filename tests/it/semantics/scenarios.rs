//! Parameters, conditions and mappings: when a verdict splits, what it then says, and what never comes together.

use std::fmt::Write as _;

use super::{forbids, forbids_in, judged, said, says, values};

/// Fails where `A` and `B` are both `x`.
const NOT_BOTH: &str = "match: Test::Thing
require: { not: [{ path: A, equals: x }, { path: B, equals: x }] }
at: A
message: \"both{when}\"
";

#[test]
fn a_default_is_the_only_value_of_a_parameter_that_nothing_compares() {
    let template = "Parameters: { P: { Type: String, Default: a } }
Resources:
  T: { Type: Test::Thing, Properties: { V: !Ref P } }
  Within: { Type: Test::Thing, Properties: { V: !Sub 'x-${P}' } }
";
    assert_eq!(forbids("a", template), said(&[("T", "a")]));
    assert_eq!(forbids("b", template), said(&[]));
    assert_eq!(forbids("x-a", template), said(&[("Within", "x-a")]));
}

#[test]
fn allowed_values_are_tried_default_first() {
    let template = "Parameters:
  P: { Type: String, Default: b, AllowedValues: [a, b, c] }
  Q: { Type: String, AllowedValues: [a, b] }
Resources:
  T: { Type: Test::Thing, Properties: { V: !Ref P } }
  U: { Type: Test::Thing, Properties: { V: !Ref Q } }
";
    assert_eq!(forbids("c", template), said(&[("T", "c when `P` is `c`")]));
    assert_eq!(forbids("d", template), said(&[]));
    let rule = "match: Test::Thing\nrequire: { path: V, matches: '^z' }\nmessage: \"{value}{when}\"\n";
    // Every value fails; the default and the first declared value speak.
    assert_eq!(says(rule, template), said(&[("T", "b when `P` is `b`"), ("U", "a when `Q` is `a`")]));
}

#[test]
fn what_is_empty_is_not_there() {
    let template = "Parameters:
  Empty: { Type: String, Default: '' }
  Open: { Type: String }
  Asked: { Type: String }
Conditions: { IsAsked: !Not [!Equals [!Ref Asked, '']] }
Resources:
  Written: { Type: Test::Thing, Properties: { V: '' } }
  ByDefault: { Type: Test::Thing, Properties: { V: !Ref Empty } }
  Given: { Type: Test::Thing, Properties: { V: !Ref Open } }
  Within: { Type: Test::Thing, Properties: { V: !Sub 'x-${Empty}' } }
  Compared: { Type: Test::Thing, Properties: { V: !Ref Asked } }
  Guarded: { Type: Test::Thing, Condition: IsAsked, Properties: { V: !Ref Asked } }
";
    let rule = "match: Test::Thing\nrequire: { path: V, present: true }\nmessage: \"nothing{when}\"\n";
    assert_eq!(
        says(rule, template),
        said(&[("Written", "nothing"), ("ByDefault", "nothing"), ("Compared", "nothing when `Asked` is empty"),])
    );
}

#[test]
fn what_fails_in_every_scenario_names_none() {
    let template = "Parameters: { P: { Type: String, AllowedValues: [a, b] } }
Resources:
  T: { Type: Test::Thing, Properties: { V: !Ref P } }
";
    let rule = "match: Test::Thing\nrequire: { path: V, matches: '^z' }\nmessage: \"no z{when}\"\n";
    assert_eq!(says(rule, template), said(&[("T", "no z")]));
}

#[test]
fn a_parameter_of_which_nothing_is_known_is_unknown() {
    let template = "Parameters: { P: { Type: String } }
Resources:
  T: { Type: Test::Thing, Properties: { V: !Ref P } }
  Half: { Type: Test::Thing, Properties: { V: !Sub 'x-${P}' } }
";
    let unknown = "? parameter `P` has no default";
    assert_eq!(forbids("a", template), said(&[("T", unknown)]), "`x-…` is certainly not `a`");
    assert_eq!(forbids("x-a", template), said(&[("T", unknown), ("Half", unknown)]));
}

#[test]
fn numbers_and_booleans_compare_as_text() {
    let template = "Parameters: { N: { Type: Number, Default: 1 }, B: { Type: String, Default: true } }
Resources:
  Int: { Type: Test::Thing, Properties: { V: 1 } }
  Text: { Type: Test::Thing, Properties: { V: '1' } }
  Param: { Type: Test::Thing, Properties: { V: !Ref N } }
";
    assert_eq!(forbids("1", template), said(&[("Int", "1"), ("Text", "1"), ("Param", "1")]));
    let rule = "match: Test::Thing\nrequire: { path: V, at_least: 2 }\nmessage: \"{value}\"\n";
    assert_eq!(says(rule, template).len(), 3);
}

const STAGES: &str = "Parameters: { Stage: { Type: String, Default: dev, AllowedValues: [dev, test, prod] } }
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
  IsDev: !Equals [!Ref Stage, dev]
  IsBoth: !And [!Condition IsProd, !Condition IsDev]
";

#[test]
fn branches_are_named_by_their_condition() {
    let template = format!(
        "{STAGES}Resources:
  T: {{ Type: Test::Thing, Properties: {{ V: !If [IsProd, good, bad] }} }}
  Absent: {{ Type: Test::Thing, Properties: {{ V: !If [IsProd, good, !Ref AWS::NoValue] }} }}
"
    );
    assert_eq!(forbids("bad", &template), said(&[("T", "bad when `IsProd` is false")]));
    let rule = "match: Test::Thing\nrequire: { path: V, present: true }\nmessage: \"nothing{when}\"\n";
    assert_eq!(says(rule, &template), said(&[("Absent", "nothing when `IsProd` is false")]));
}

#[test]
fn conditions_are_named_before_values() {
    let template = format!(
        "{STAGES}Resources:
  T: {{ Type: Test::Thing, Properties: {{ V: !If [IsProd, good, !Sub 'bad-${{Stage}}'] }} }}
"
    );
    assert_eq!(forbids("bad-test", &template), said(&[("T", "bad-test when `IsProd` is false and `Stage` is `test`")]));
}

#[test]
fn contradictory_branches_never_come_together() {
    let template = format!(
        "{STAGES}Resources:
  Contradiction: {{ Type: Test::Thing, Properties: {{ A: !If [IsProd, x, y], B: !If [IsDev, x, y] }} }}
  Same: {{ Type: Test::Thing, Properties: {{ A: !If [IsProd, x, y], B: !If [IsProd, y, x] }} }}
  Never: {{ Type: Test::Thing, Properties: {{ A: !If [IsBoth, x, y], B: x }} }}
  Direct: {{ Type: Test::Thing, Properties: {{ A: !If [IsProd, x, y], B: !FindInMap [M, !Ref Stage, K] }} }}
  Possible: {{ Type: Test::Thing, Properties: {{ A: !If [IsProd, y, x], B: !If [IsDev, y, x] }} }}
Mappings:
  M: {{ dev: {{ K: x }}, test: {{ K: x }}, prod: {{ K: y }} }}
"
    );
    assert_eq!(says(NOT_BOTH, &template), said(&[("Possible", "both when `IsProd` is false and `IsDev` is false")]));
}

#[test]
fn nested_branches_are_followed_to_the_end() {
    let template = format!(
        "{STAGES}Resources:
  T: {{ Type: Test::Thing, Properties: {{ V: !If [IsProd, good, !If [IsDev, good, bad]] }} }}
  Unreachable: {{ Type: Test::Thing, Properties: {{ V: !If [IsProd, !If [IsDev, bad, good], good] }} }}
  Map: {{ Type: Test::Thing, Properties: !If [IsProd, {{ V: good }}, {{ V: bad }}] }}
"
    );
    assert_eq!(
        forbids("bad", &template),
        said(&[("T", "bad when `IsProd` is false and `IsDev` is false"), ("Map", "bad when `IsProd` is false")])
    );
}

#[test]
fn a_resource_is_judged_only_where_its_own_condition_holds() {
    let template = format!(
        "{STAGES}Resources:
  Never: {{ Type: Test::Thing, Condition: IsBoth, Properties: {{ V: bad }} }}
  Apart: {{ Type: Test::Thing, Condition: IsProd, Properties: {{ V: !If [IsDev, bad, good] }} }}
  Prod: {{ Type: Test::Thing, Condition: IsProd, Properties: {{ V: bad }} }}
  Sub: {{ Type: Test::Thing, Condition: IsProd, Properties: {{ V: !Sub 'bad${{Stage}}' }} }}
"
    );
    assert_eq!(forbids("bad", &template), said(&[("Prod", "bad")]));
    assert_eq!(forbids("badprod", &template)["Sub"], "badprod");
    assert_eq!(forbids("baddev", &template), said(&[]));
}

#[test]
fn resources_that_do_not_exist_together_do_not_meet() {
    let template = format!(
        "{STAGES}Resources:
  Acl: {{ Type: AWS::WAFv2::WebACL, Condition: IsProd }}
  Other: {{ Type: AWS::WAFv2::WebACL, Condition: IsProd }}
  A: {{ Type: AWS::WAFv2::WebACLAssociation, Condition: IsDev, Properties: {{ WebACLArn: !GetAtt Acl.Arn, ResourceArn: x }} }}
  B: {{ Type: AWS::WAFv2::WebACLAssociation, Condition: IsProd, Properties: {{ WebACLArn: !GetAtt Other.Arn, ResourceArn: x }} }}
"
    );
    let rule = "match: AWS::WAFv2::WebACL\nrequire: { some: { referrers: $self, via: [AWS::WAFv2::WebACLAssociation.WebACLArn] }, present: true }\nmessage: \"alone{when}\"\n";
    assert_eq!(says(rule, &template), said(&[("Acl", "alone")]));
}

#[test]
fn a_condition_over_a_free_parameter_has_the_compared_values_and_any_other() {
    let template = "Parameters: { P: { Type: String } }
Conditions:
  IsA: !Equals [!Ref P, a]
  IsB: !Equals [b, !Ref P]
Resources:
  T: { Type: Test::Thing, Properties: { V: !If [IsA, good, !If [IsB, good, bad]] } }
  Both: { Type: Test::Thing, Properties: { V: !If [IsA, !If [IsB, bad, good], good] } }
";
    assert_eq!(forbids("bad", template), said(&[("T", "bad when `IsA` is false and `IsB` is false")]));
}

#[test]
fn the_default_decides_a_condition_unless_it_is_compared_with_something_else() {
    let template = "Parameters: { P: { Type: String, Default: 'on' } }
Conditions:
  IsOn: !Equals [!Ref P, 'on']
  IsOff: !Equals [!Ref P, 'off']
Resources:
  Off: { Type: Test::Thing, Properties: { V: !If [IsOff, bad, good] } }
  NotOn: { Type: Test::Thing, Properties: { V: !If [IsOn, good, bad] } }
";
    assert_eq!(
        forbids("bad", template),
        said(&[("Off", "bad when `IsOff` is true"), ("NotOn", "bad when `IsOn` is false")])
    );
}

#[test]
fn a_condition_that_nothing_decides_is_tried_both_ways_and_consistently() {
    let template = "Parameters: { P: { Type: String } , Q: { Type: String } }
Conditions:
  Match: !Equals [!Ref P, !Ref Q]
Resources:
  T: { Type: Test::Thing, Properties: { V: !If [Match, good, bad] } }
  Both: { Type: Test::Thing, Properties: { V: !If [Match, !If [Match, good, bad], good] } }
";
    assert_eq!(forbids("bad", template), said(&[("T", "bad when `Match` is false")]));
}

#[test]
fn mappings_by_region_split_over_their_keys() {
    let template = "Mappings:
  ByRegion:
    eu-west-1: { Type: good }
    us-east-1: { Type: bad }
  Other:
    eu-west-1: { Type: bad }
    us-east-1: { Type: good }
Resources:
  T: { Type: Test::Thing, Properties: { V: !FindInMap [ByRegion, !Ref 'AWS::Region', Type] } }
  Pair: { Type: Test::Thing, Properties: { A: !If [X, a, b], V: !Sub ['${A}${B}', { A: !FindInMap [ByRegion, !Ref 'AWS::Region', Type], B: !FindInMap [Other, !Ref 'AWS::Region', Type] }] } }
Conditions: { X: !Equals [a, b] }
";
    assert_eq!(forbids("bad", template), said(&[("T", "bad when `AWS::Region` is `us-east-1`")]));
    assert_eq!(forbids("badbad", template), said(&[]), "one region at a time");
    assert_eq!(forbids("badgood", template), said(&[("Pair", "badgood when `AWS::Region` is `us-east-1`")]));
}

#[test]
fn conditions_on_the_region_split_over_what_they_compare() {
    let template = "Conditions: { IsEurope: !Or [!Equals [!Ref 'AWS::Region', eu-west-1], !Equals [!Ref 'AWS::Region', eu-central-1]] }
Resources:
  T: { Type: Test::Thing, Properties: { V: !If [IsEurope, good, bad] } }
";
    assert_eq!(forbids("bad", template), said(&[("T", "bad when `IsEurope` is false")]));
}

#[test]
fn more_scenarios_than_the_budget_are_no_verdict() {
    let template = |count: usize| {
        let (mut parameters, mut conditions, mut items) = (String::new(), String::new(), String::new());
        for index in 0..count {
            writeln!(parameters, "  P{index}: {{ Type: String, AllowedValues: [a, b] }}").unwrap();
            writeln!(conditions, "  C{index}: !Equals [!Ref P{index}, a]").unwrap();
            writeln!(items, "        - !If [C{index}, x, y]").unwrap();
        }
        format!(
            "Parameters:\n{parameters}Conditions:\n{conditions}Resources:\n  T:\n    Type: Test::Thing\n    Properties:\n      V:\n{items}"
        )
    };
    let rule = |second: &str| {
        format!("match: Test::Thing\nrequire: {{ every: \"V[*]\", in: [x, {second}] }}\nat: V\nmessage: no\n")
    };
    assert_eq!(says(&rule("y"), &template(6)), said(&[]), "64 scenarios are tried");
    assert_eq!(says(&rule("y"), &template(7)), said(&[("T", "? own-rule has more scenarios than are tried")]));
    assert_eq!(says(&rule("z"), &template(7)), said(&[("T", "no")]), "what fails at once needs no more scenarios");
}

#[test]
fn parameters_of_the_same_name_and_type_are_one_across_templates() {
    let parameter = "Parameters: { Stage: { Type: String, AllowedValues: [dev, prod] } }\n";
    let one =
        format!("{parameter}Resources:\n  R: {{ Type: Test::Named, Properties: {{ V: !Sub 'n-${{Stage}}' }} }}\n");
    let other = |kind: &str| {
        format!(
            "Parameters: {{ Stage: {kind} }}\nResources:\n  T: {{ Type: Test::Thing, Properties: {{ V: !Sub 'n-${{Stage}}' }} }}\n"
        )
    };
    let rule = "match: Test::Thing\nrequire: { some: { nodes: Test::Named }, as: n, satisfies: { path: $n.V, same_as: $self.V } }\nmessage: \"differs{when}\"\n";
    let ask = |kind: &str| judged(rule, &[("one.yaml", &one), ("other.yaml", &other(kind))], false).by_resource();
    assert_eq!(ask("{ Type: String, AllowedValues: [dev, prod] }"), said(&[]));
    assert_eq!(ask("{ Type: String, AllowedValues: [prod, test] }"), said(&[]), "they share a value");
    assert_eq!(ask("{ Type: String }"), said(&[]));
    assert_eq!(ask("{ Type: String, AllowedValues: [red, blue] }"), said(&[("T", "differs")]), "nothing in common");
    assert_eq!(ask("{ Type: Number }").len(), 1, "another type is another parameter");
}

#[test]
fn a_shared_parameter_decides_in_all_templates_at_once() {
    let one = "Parameters: { Stage: { Type: String, AllowedValues: [dev, prod] } }
Conditions: { IsProd: !Equals [!Ref Stage, prod] }
Resources: { R: { Type: AWS::SNS::Topic } }
Outputs:
  Mode: { Value: !If [IsProd, x, y], Export: { Name: mode } }
";
    let other = "Parameters: { Stage: { Type: String, AllowedValues: [dev, prod] } }
Conditions: { IsDev: !Equals [!Ref Stage, dev] }
Resources:
  Apart: { Type: Test::Thing, Properties: { A: !ImportValue mode, B: !If [IsDev, x, y] } }
  Together: { Type: Test::Thing, Properties: { A: !ImportValue mode, B: !If [IsDev, y, x] } }
";
    let found = judged(NOT_BOTH, &[("one.yaml", one), ("other.yaml", other)], false).by_resource();
    assert_eq!(found, said(&[("Together", "both when `IsProd` is true and `IsDev` is false")]));
}

#[test]
fn assertions_of_the_rules_section_leave_scenarios_out() {
    let template = "Parameters: { Stage: { Type: String, AllowedValues: [dev, prod] }, Kind: { Type: String, AllowedValues: [a, b] } }
Rules:
  Prod:
    RuleCondition: !Equals [!Ref Stage, prod]
    Assertions: [{ Assert: !Equals [!Ref Kind, a] }]
Resources:
  T: { Type: Test::Thing, Properties: { V: !Sub '${Stage}-${Kind}' } }
";
    assert_eq!(forbids("prod-b", template), said(&[]));
    assert!(forbids("dev-b", template)["T"].starts_with("dev-b when"));
}

#[test]
fn an_export_that_only_some_scenarios_have_is_read_where_it_is() {
    let one = "Parameters: { Stage: { Type: String, AllowedValues: [dev, prod] } }
Resources: { R: { Type: AWS::SNS::Topic } }
Outputs:
  Name: { Value: !Sub 'v-${Stage}', Export: { Name: !Sub '${Stage}-name' } }
";
    let other = "Parameters: { Stage: { Type: String, AllowedValues: [dev, prod] } }
Resources:
  T: { Type: Test::Thing, Properties: { V: !ImportValue { 'Fn::Sub': '${Stage}-name' } } }
";
    assert_eq!(
        forbids_in("v-prod", &[("a.yaml", one), ("b.yaml", other)]),
        said(&[("T", "v-prod when `Stage` is `prod`")])
    );
}

#[test]
fn values_without_scenarios_say_nothing_of_them() {
    let template = "Conditions: { Yes: !Equals [a, a] }
Resources:
  T: { Type: Test::Thing, Properties: { V: !If [Yes, a, b] } }
";
    assert_eq!(values(template), said(&[("T", "a")]));
}

#[test]
fn a_rule_may_judge_the_defaults_alone() {
    let template = "Parameters:
  P: { Type: String, Default: good, AllowedValues: [good, bad] }
  Q: { Type: String, Default: bad, AllowedValues: [good, bad] }
Resources:
  P: { Type: Test::Thing, Properties: { V: !Ref P } }
  Q: { Type: Test::Thing, Properties: { V: !Ref Q } }
";
    let rule = |parameters: &str| {
        format!(
            "match: Test::Thing\nrequire: {{ path: V, equals: good }}\nparameters: {parameters}\nmessage: \"{{value}}\"\n"
        )
    };
    assert_eq!(says(&rule("default"), template), said(&[("Q", "bad")]));
    assert_eq!(says(&rule("any"), template), said(&[("P", "bad"), ("Q", "bad")]));
}

#[test]
fn a_rule_says_what_not_knowing_means() {
    let template =
        "Parameters: { P: { Type: String } }\nResources:\n  T: { Type: Test::Thing, Properties: { V: !Ref P } }\n";
    let rule = |unknown: &str| {
        format!("match: Test::Thing\nrequire: {{ path: V, equals: a }}\nunknown: {unknown}\nmessage: \"not a\"\n")
    };
    assert_eq!(says(&rule("skip"), template), said(&[("T", "? parameter `P` has no default")]));
    assert_eq!(says(&rule("pass"), template), said(&[]));
    assert_eq!(says(&rule("fail"), template), said(&[("T", "not a")]));
}

#[test]
fn one_finding_a_place_even_if_scenarios_say_different_things() {
    let template = "Parameters: { P: { Type: String, AllowedValues: [a, b, c] } }
Resources:
  T: { Type: Test::Thing, Properties: { V: !Ref P } }
  L: { Type: Test::Thing, Properties: { V: [!Ref P, !Sub '${P}'] } }
";
    let rule = "match: Test::Thing\nrequire: { every: \"V[*]\", as: v, in: [z] }\nat: $v\nmessage: \"{v}{when}\"\n";
    assert_eq!(
        says(rule, template),
        said(&[("T", "a when `P` is `a`"), ("L", "a when `P` is `a` | a when `P` is `a`")]),
        "two items are two places"
    );
}
