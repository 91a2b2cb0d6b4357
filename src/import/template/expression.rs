//! Template expressions: `[concat('a', parameters('b').c[0])]` as a tree.

/// How deep calls may be nested.
const MAX_DEPTH: usize = 90;

/// An expression.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Expression {
    /// Text in single quotes.
    Text(String),
    /// A whole number.
    Number(i64),
    /// A call, the function's name in lower case.
    Call(String, Vec<Expression>),
    /// A property of what is before the dot; its name is an expression of its own where it is in brackets.
    Member(Box<Expression>, Box<Expression>),
}

/// Reads the expression of a string, without its outer brackets; absent for strings that are none.
///
/// # Errors
/// What is wrong with it.
pub(super) fn read(text: &str) -> Option<Result<Expression, String>> {
    let inner = text.strip_prefix('[')?;
    if inner.starts_with('[') {
        return None;
    }
    let inner = inner.strip_suffix(']')?;
    let mut reader = Reader { text: inner, at: 0 };
    let read = reader.expression(0).and_then(|expression| {
        reader.blanks();
        match reader.rest().is_empty() {
            true => Ok(expression),
            false => Err(format!("unexpected `{}` after the end of the expression", shortened(reader.rest()))),
        }
    });
    Some(read)
}

fn shortened(text: &str) -> String {
    text.chars().take(40).map(|character| if character.is_control() { ' ' } else { character }).collect()
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn blanks(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    fn take(&mut self, token: char) -> bool {
        self.blanks();
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len_utf8();
        }
        found
    }

    fn expression(&mut self, depth: usize) -> Result<Expression, String> {
        if depth > MAX_DEPTH {
            return Err(format!("the expression is nested deeper than {MAX_DEPTH}"));
        }
        let mut own = self.primary(depth)?;
        // Chains of members nest as deeply as calls do.
        for _ in 0..MAX_DEPTH {
            if self.take('.') {
                self.take('?');
                let name = self.word();
                if name.is_empty() {
                    return Err("expected a name after the dot".to_owned());
                }
                own = Expression::Member(Box::new(own), Box::new(Expression::Text(name.to_owned())));
            } else if self.take('[') {
                let index = self.expression(depth + 1)?;
                if !self.take(']') {
                    return Err("unclosed bracket".to_owned());
                }
                own = Expression::Member(Box::new(own), Box::new(index));
            } else {
                return Ok(own);
            }
        }
        Err(format!("the expression has more than {MAX_DEPTH} consecutive members"))
    }

    fn primary(&mut self, depth: usize) -> Result<Expression, String> {
        self.blanks();
        let rest = self.rest();
        match rest.chars().next() {
            Some('\'') => self.text(),
            Some(first) if first.is_ascii_digit() || first == '-' => {
                let end =
                    rest[1..].find(|character: char| !character.is_ascii_digit()).map_or(rest.len(), |end| end + 1);
                self.at += end;
                rest[..end].parse().map(Expression::Number).map_err(|_| format!("`{}` is not a number", &rest[..end]))
            }
            Some(first) if first.is_ascii_alphabetic() || first == '_' => {
                let mut name = self.word().to_owned();
                while self.rest().starts_with('.') && self.rest().contains('(') {
                    // A function of the user's own, in a namespace.
                    self.at += 1;
                    name = format!("{name}.{}", self.word());
                }
                if !self.take('(') {
                    return Err(format!("expected a parenthesis after `{name}`"));
                }
                let mut arguments = Vec::new();
                if !self.take(')') {
                    loop {
                        arguments.push(self.expression(depth + 1)?);
                        if self.take(')') {
                            break;
                        }
                        if !self.take(',') {
                            return Err(format!("unclosed parenthesis after `{name}`"));
                        }
                    }
                }
                Ok(Expression::Call(name.to_ascii_lowercase(), arguments))
            }
            Some(_) => Err(format!("unexpected `{}`, expected an expression", shortened(rest))),
            None => Err("the expression ends too early".to_owned()),
        }
    }

    fn word(&mut self) -> &'t str {
        let rest = self.rest();
        let end = rest.find(|character: char| !character.is_ascii_alphanumeric() && character != '_');
        let word = &rest[..end.unwrap_or(rest.len())];
        self.at += word.len();
        word
    }

    fn text(&mut self) -> Result<Expression, String> {
        let mut text = String::new();
        self.at += 1;
        loop {
            let Some(end) = self.rest().find('\'') else { return Err("unclosed quote".to_owned()) };
            text.push_str(&self.rest()[..end]);
            self.at += end + 1;
            // Two quotes represent one.
            if !self.rest().starts_with('\'') {
                return Ok(Expression::Text(text));
            }
            text.push('\'');
            self.at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_read() {
        let text = |text: &str| Expression::Text(text.to_owned());
        let call = |name: &str, arguments| Expression::Call(name.to_owned(), arguments);
        assert_eq!(read("[concat('it''s', 1)]"), Some(Ok(call("concat", vec![text("it's"), Expression::Number(1)]))));
        let member = Expression::Member(Box::new(call("resourcegroup", vec![])), Box::new(text("location")));
        assert_eq!(read("[ resourceGroup( ).location ]"), Some(Ok(member)));
        assert_eq!(read("[[literal]"), None);
        assert_eq!(read("plain"), None);
        for wrong in ["[]", "[a]", "[a(]", "[a('x)]", "[a()b]", "[a().]", "[a()[0]", "[é]"] {
            assert!(matches!(read(wrong), Some(Err(_))), "{wrong}");
        }
        assert!(matches!(read(&format!("[{}{}]", "a(".repeat(100), ")".repeat(100))), Some(Err(_))));
    }
}
