//! Tags: which intrinsic function a node is written as, in the short or the long form.

/// The tag of a node: which intrinsic function it is written as.
///
/// Set for the short form (`!Ref x`) and, by [`super::Builder`], for a map whose only key is the long form (`Fn::Sub: x`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[expect(missing_docs, reason = "each is the CloudFormation function of its name")]
pub enum Tag {
    None,
    /// A tag that is none of CloudFormation's; its text is in [`super::Node::tag_text`].
    Other,
    /// A tag of YAML itself, `!!str` and the like.
    Yaml,
    Ref,
    Condition,
    Sub,
    GetAtt,
    Join,
    Select,
    Split,
    If,
    FindInMap,
    ImportValue,
    GetStackOutput,
    Base64,
    Cidr,
    GetAZs,
    Length,
    ToJsonString,
    Transform,
    ForEach,
    Equals,
    Not,
    And,
    Or,
    Contains,
    EachMemberEquals,
    EachMemberIn,
    RefAll,
    ValueOf,
    ValueOfAll,
    /// `Fn::` with a name that CloudFormation does not know.
    UnknownFunction,
}

impl Tag {
    /// The names of the functions that a tag can stand for.
    pub const NAMES: [&str; 18] = [
        "Ref",
        "Condition",
        "Sub",
        "GetAtt",
        "Join",
        "Select",
        "Split",
        "If",
        "FindInMap",
        "ImportValue",
        "Base64",
        "Cidr",
        "GetAZs",
        "Length",
        "ToJsonString",
        "Transform",
        "Equals",
        "GetStackOutput",
    ];

    /// The function of a short tag's name, without the `!`.
    pub fn from_short(name: &str) -> Self {
        match name {
            "Ref" => Self::Ref,
            "Condition" => Self::Condition,
            other => match Self::from_function(other) {
                Self::UnknownFunction => Self::Other,
                known => known,
            },
        }
    }

    /// The function of a map's only key: `Ref`, `Condition` or `Fn::…`.
    pub fn from_key(key: &str) -> Self {
        match key {
            "Ref" => Self::Ref,
            "Condition" => Self::Condition,
            _ => match key.strip_prefix("Fn::") {
                Some(name) if name.starts_with("ForEach::") => Self::ForEach,
                Some(name) => Self::from_function(name),
                None => Self::None,
            },
        }
    }

    fn from_function(name: &str) -> Self {
        match name {
            "Sub" => Self::Sub,
            "GetAtt" => Self::GetAtt,
            "Join" => Self::Join,
            "Select" => Self::Select,
            "Split" => Self::Split,
            "If" => Self::If,
            "FindInMap" => Self::FindInMap,
            "ImportValue" => Self::ImportValue,
            "GetStackOutput" => Self::GetStackOutput,
            "Base64" => Self::Base64,
            "Cidr" => Self::Cidr,
            "GetAZs" => Self::GetAZs,
            "Length" => Self::Length,
            "ToJsonString" => Self::ToJsonString,
            "Transform" => Self::Transform,
            "Equals" => Self::Equals,
            "Not" => Self::Not,
            "And" => Self::And,
            "Or" => Self::Or,
            "Contains" => Self::Contains,
            "EachMemberEquals" => Self::EachMemberEquals,
            "EachMemberIn" => Self::EachMemberIn,
            "RefAll" => Self::RefAll,
            "ValueOf" => Self::ValueOf,
            "ValueOfAll" => Self::ValueOfAll,
            _ => Self::UnknownFunction,
        }
    }

    /// True for tags that are functions of CloudFormation.
    pub fn is_function(self) -> bool {
        self > Self::Yaml && self != Self::UnknownFunction
    }
}
