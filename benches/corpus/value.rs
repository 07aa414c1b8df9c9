//! Templates as values, before they are written in a format.

/// A value of a template.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Text(String),
    Number(u64),
    Bool(bool),
    List(Vec<Self>),
    Map(Vec<(String, Self)>),
    /// A function by its name without `Fn::`.
    Call(&'static str, Box<Self>),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<Vec<Self>> for Value {
    fn from(items: Vec<Self>) -> Self {
        Self::List(items)
    }
}

impl From<Vec<&str>> for Value {
    fn from(items: Vec<&str>) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }
}

impl Value {
    /// An empty map.
    pub(super) fn map() -> Self {
        Self::Map(Vec::new())
    }

    /// Adds a member to a map.
    pub(super) fn put(&mut self, key: impl Into<String>, value: impl Into<Self>) {
        if let Self::Map(entries) = self {
            entries.push((key.into(), value.into()));
        }
    }

    /// The map with one more member.
    pub(super) fn with(mut self, key: impl Into<String>, value: impl Into<Self>) -> Self {
        self.put(key, value);
        self
    }

    /// The member of a map, to change it.
    pub(super) fn get_mut(&mut self, key: &str) -> Option<&mut Self> {
        match self {
            Self::Map(entries) => entries.iter_mut().find(|(known, _)| known == key).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The members of a map.
    pub(super) fn entries(&self) -> &[(String, Self)] {
        match self {
            Self::Map(entries) => entries,
            _ => &[],
        }
    }
}

/// A map: `map! { "Key": value, … }`.
macro_rules! map {
    ($($key:literal : $value:expr),* $(,)?) => {
        Value::Map(vec![$(($key.to_owned(), Value::from($value))),*])
    };
}

/// A list: `list![a, b]`.
macro_rules! list {
    ($($item:expr),* $(,)?) => { Value::List(vec![$(Value::from($item)),*]) };
}

pub(super) use {list, map};

/// `Ref`.
pub(super) fn reference(name: &str) -> Value {
    Value::Call("Ref", Box::new(name.into()))
}

/// `Fn::GetAtt`, as `Resource.Attribute`.
pub(super) fn attribute(name: &str) -> Value {
    Value::Call("GetAtt", Box::new(name.into()))
}

/// `Fn::Sub` of a text.
pub(super) fn sub(text: impl Into<String>) -> Value {
    Value::Call("Sub", Box::new(Value::Text(text.into())))
}

/// `Fn::ImportValue` of a text with variables.
pub(super) fn import(text: impl Into<String>) -> Value {
    Value::Call("ImportValue", Box::new(sub(text)))
}

/// A function with a list of arguments.
pub(super) fn call(name: &'static str, arguments: Vec<Value>) -> Value {
    Value::Call(name, Box::new(Value::List(arguments)))
}

/// A resource.
pub(super) fn resource(kind: &str, properties: Value) -> Value {
    map! { "Type": kind, "Properties": properties }
}
