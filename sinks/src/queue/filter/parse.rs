//! SQL-like conditions: parsed by `sqlparser`, then only what the original knows is taken over.

use sqlparser::ast::{BinaryOperator, Expr, Ident, InTarget, UnaryOperator, Value as Sql};
use sqlparser::dialect::MsSqlDialect;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::Token;

use super::super::message::Value;
use super::eval::{Comparison, Node, Operator, Piece};

/// Characters of a condition, at most.
const MAX_CHARS: usize = 1024;
/// How deep conditions may be nested.
const MAX_DEPTH: usize = 40;

/// The broker's properties that may be asked for.
const SYSTEM: [&str; 9] = [
    "messageid",
    "contenttype",
    "correlationid",
    "sessionid",
    "label",
    "to",
    "replyto",
    "replytosessionid",
    "partitionkey",
];

/// Parses a condition; the error says why it cannot be understood.
pub(super) fn parse(text: &str) -> Result<Node, String> {
    if text.chars().count() > MAX_CHARS {
        return Err(format!("it has more than {MAX_CHARS} characters"));
    }
    let dialect = MsSqlDialect {};
    let parser = Parser::new(&dialect).with_recursion_limit(MAX_DEPTH);
    let mut parser = parser.try_with_sql(text).map_err(|error| error.to_string())?;
    let expr = parser.parse_expr().map_err(|error| error.to_string())?;
    let rest = parser.peek_token();
    if rest.token != Token::EOF {
        return Err(format!("it goes on behind its end, with {rest}"));
    }
    node(&expr, 0)
}

fn node(expr: &Expr, depth: usize) -> Result<Node, String> {
    // A chain of operators is deep without nesting: the text's length bounds it, and so the stack that is used.
    if depth > MAX_CHARS {
        return Err("it is nested too deeply".into());
    }
    let boxed = |expr: &Expr| node(expr, depth + 1).map(Box::new);
    let not = |negated: bool, node: Node| if negated { Node::Not(Box::new(node)) } else { node };
    Ok(match expr {
        Expr::Nested(inner) => node(inner, depth + 1)?,
        Expr::Identifier(name) => property(std::slice::from_ref(name))?,
        Expr::CompoundIdentifier(names) => property(names)?,
        Expr::Value(value) => Node::Literal(literal(&value.value)?),
        Expr::UnaryOp { op: UnaryOperator::Not, expr } => Node::Not(boxed(expr)?),
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } => Node::Negative(boxed(expr)?),
        Expr::UnaryOp { op: UnaryOperator::Plus, expr } => node(expr, depth + 1)?,
        Expr::IsNull(inner) => Node::IsNull(boxed(inner)?),
        Expr::IsNotNull(inner) => Node::Not(Box::new(Node::IsNull(boxed(inner)?))),
        Expr::In { expr, target: InTarget::List(list), negated, global: false } => {
            let list = list.iter().map(|one| node(one, depth + 1)).collect::<Result<_, _>>()?;
            not(*negated, Node::In(boxed(expr)?, list))
        }
        Expr::Between { expr, negated, low, high } => {
            let at_least = Node::Compare(boxed(expr)?, Comparison::GreaterOrEqual, boxed(low)?);
            let at_most = Node::Compare(boxed(expr)?, Comparison::LessOrEqual, boxed(high)?);
            not(*negated, Node::And(Box::new(at_least), Box::new(at_most)))
        }
        Expr::Like { negated, any: false, expr, pattern, escape_char } => {
            let pieces = pattern_of(pattern, escape_char.as_ref().map(ToString::to_string))?;
            not(*negated, Node::Like(boxed(expr)?, pieces))
        }
        Expr::BinaryOp { left, op, right } => binary(boxed(left)?, op, boxed(right)?)?,
        other => return Err(format!("{other} is not known here")),
    })
}

fn binary(left: Box<Node>, op: &BinaryOperator, right: Box<Node>) -> Result<Node, String> {
    let comparison = match op {
        BinaryOperator::And => return Ok(Node::And(left, right)),
        BinaryOperator::Or => return Ok(Node::Or(left, right)),
        BinaryOperator::Eq => Comparison::Equal,
        BinaryOperator::NotEq => Comparison::NotEqual,
        BinaryOperator::Lt => Comparison::Less,
        BinaryOperator::LtEq => Comparison::LessOrEqual,
        BinaryOperator::Gt => Comparison::Greater,
        BinaryOperator::GtEq => Comparison::GreaterOrEqual,
        other => {
            let operator = match other {
                BinaryOperator::Plus => Operator::Add,
                BinaryOperator::Minus => Operator::Subtract,
                BinaryOperator::Multiply => Operator::Multiply,
                BinaryOperator::Divide => Operator::Divide,
                BinaryOperator::Modulo => Operator::Remainder,
                _ => return Err(format!("the operator {other} is not known here")),
            };
            return Ok(Node::Arithmetic(left, operator, right));
        }
    };
    Ok(Node::Compare(left, comparison, right))
}

/// `name`, `user.name` or `sys.name`.
fn property(names: &[Ident]) -> Result<Node, String> {
    match names {
        [name] => Ok(Node::User(name.value.clone())),
        [scope, name] if scope.value.eq_ignore_ascii_case("user") => Ok(Node::User(name.value.clone())),
        [scope, name] if scope.value.eq_ignore_ascii_case("sys") => {
            let name = name.value.to_ascii_lowercase();
            if SYSTEM.contains(&name.as_str()) {
                Ok(Node::System(name))
            } else {
                Err(format!("there is no property sys.{name}; there are {}", SYSTEM.join(", ")))
            }
        }
        _ => Err("a property is NAME, user.NAME or sys.NAME".into()),
    }
}

fn literal(value: &Sql) -> Result<Option<Value>, String> {
    Ok(Some(match value {
        Sql::Null => return Ok(None),
        Sql::Boolean(value) => Value::Bool(*value),
        Sql::SingleQuotedString(text) | Sql::NationalStringLiteral(text) => Value::Text(text.clone()),
        Sql::Number(text, _) => match text.parse() {
            Ok(whole) => Value::Int(whole),
            Err(_) => Value::Float(text.parse().map_err(|error| format!("{text} is no number: {error}"))?),
        },
        other => return Err(format!("{other} is no value here")),
    }))
}

/// Takes a LIKE pattern apart.
fn pattern_of(pattern: &Expr, escape: Option<String>) -> Result<Vec<Piece>, String> {
    let Node::Literal(Some(Value::Text(text))) = node(pattern, 0)? else {
        return Err("the pattern of LIKE must be a text".into());
    };
    let escape = escape.map(|text| text.trim_matches('\'').to_owned());
    let escape = match escape.as_deref().map(|text| text.chars().collect::<Vec<_>>()).as_deref() {
        None => None,
        Some([one]) => Some(*one),
        Some(_) => return Err("ESCAPE takes one character".into()),
    };
    let (mut pieces, mut chars) = (Vec::new(), text.chars());
    while let Some(one) = chars.next() {
        pieces.push(match one {
            _ if Some(one) == escape => Piece::Exactly(chars.next().ok_or("the pattern ends with its ESCAPE")?),
            '%' => Piece::Any,
            '_' => Piece::One,
            _ => Piece::Exactly(one),
        });
    }
    Ok(pieces)
}
