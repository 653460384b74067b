//! Numbers by their digits, where a double does not tell them from their neighbours.
//!
//! JSON sets no limit to a number (RFC 8259 §6), and `maximum`, `multipleOf` or `int64` speak of the number
//! as written. What was read as a double beyond 2^51 is remembered with its digits for as long as its body
//! is validated; limits of the document are read from its text.

use std::{
    borrow::Cow,
    cell::{Cell, RefCell},
    cmp::Ordering,
    collections::HashMap,
    sync::Arc,
};

use oasgate_document::{Address, Document};
use serde_json::{Number, Value, json};

/// From here on a double is compared by its digits: two powers below the first whole number that has no
/// double of its own, so that a fraction beyond it has a [stand-in](Digits::stand_in) with a fraction.
const FROM: f64 = 2_251_799_813_685_248.0;

/// What stands for numbers with a fraction that no double shows: the greatest doubles with a half.
const FRACTION: f64 = 4_503_599_627_370_495.5;

/// How many numbers of one body are remembered by their digits.
const MAX_NUMBERS: usize = 100_000;

/// How many doubles are tried as a stand-in.
const MAX_TRIES: usize = 1_000;

/// How many zeros are written out to divide: beyond, a number counts as a multiple.
const MAX_ZEROS: i64 = 20_000;

/// A decimal number: its digits, without zeros at either end, times a power of ten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Decimal {
    is_negative: bool,
    digits: Vec<u8>,
    exponent: i64,
}

impl Decimal {
    /// A number as JSON or YAML writes it in base ten.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (is_negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            None => (unsigned, 0),
            Some((mantissa, exponent)) => {
                let digits = exponent.trim_start_matches(['+', '-']);
                if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                    return None;
                }
                // More zeros than anything can hold are as good as any number of them.
                let far = if exponent.starts_with('-') {
                    i64::MIN / 4
                } else {
                    i64::MAX / 4
                };
                (
                    mantissa,
                    exponent
                        .parse()
                        .unwrap_or(far)
                        .clamp(i64::MIN / 4, i64::MAX / 4),
                )
            }
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let mut digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
        if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let mut exponent = exponent - i64::try_from(fraction.len()).ok()?;
        while digits.last() == Some(&b'0') {
            digits.pop();
            exponent += 1;
        }
        let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
        digits.drain(..zeros);
        let is_zero = digits.is_empty();
        Some(Self {
            is_negative: is_negative && !is_zero,
            digits,
            exponent: if is_zero { 0 } else { exponent },
        })
    }

    /// A number as it was written, as far as is known.
    pub(crate) fn of(number: &Number) -> Option<Self> {
        if number.is_f64()
            && let Some(bits) = number.as_f64().map(f64::to_bits)
            && let Some(known) = NUMBERS.with_borrow(|numbers| numbers.by_bits.get(&bits).cloned())
        {
            return Some(known.decimal);
        }
        Self::parse(&number.to_string())
    }

    /// A whole number that an integer of 64 bits holds, as its digits.
    fn as_small_whole(&self) -> Option<String> {
        let zeros = usize::try_from(self.exponent)
            .ok()
            .filter(|zeros| *zeros < 20)?;
        let sign = if self.is_negative { "-" } else { "" };
        let digits = std::str::from_utf8(&self.digits).ok()?;
        let text = format!("{sign}{digits}{}", "0".repeat(zeros));
        (text.parse::<i64>().is_ok() || text.parse::<u64>().is_ok()).then_some(text)
    }

    /// Whether it has no fraction.
    pub(super) fn is_whole(&self) -> bool {
        self.exponent >= 0
    }

    /// Whether it is a whole number of times the other.
    fn is_multiple_of(&self, other: &Self) -> bool {
        if self.digits.is_empty() {
            return true;
        }
        // Without zeros at its end, no number is a multiple of ten.
        let zeros = self.exponent - other.exponent;
        if zeros < 0 {
            return false;
        }
        let divisor = other.digits.iter().try_fold(0_u128, |number, digit| {
            let number = number
                .checked_mul(10)?
                .checked_add(u128::from(digit - b'0'))?;
            (number < u128::MAX / 16).then_some(number)
        });
        let Some(divisor) = divisor.filter(|divisor| *divisor > 0 && zeros <= MAX_ZEROS) else {
            return true;
        };
        let rest = self.digits.iter().fold(0, |rest: u128, digit| {
            (rest * 10 + u128::from(digit - b'0')) % divisor
        });
        (0..zeros).fold(rest, |rest, _| rest * 10 % divisor) == 0
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let sign = |one: &Self| match (one.digits.is_empty(), one.is_negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        };
        // Where the first digit stands.
        let order = |one: &Self| {
            one.exponent
                .saturating_add(i64::try_from(one.digits.len()).unwrap_or(i64::MAX))
        };
        let by_size = || {
            order(self)
                .cmp(&order(other))
                .then_with(|| self.digits.cmp(&other.digits))
        };
        match (sign(self), sign(other)) {
            (1, 1) => by_size(),
            (-1, -1) => by_size().reverse(),
            (one, another) => one.cmp(&another),
        }
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A number as it was written.
#[derive(Clone, Debug)]
struct Written {
    decimal: Decimal,
    text: Arc<str>,
}

/// The digits of the numbers of a body that doubles stand for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Digits {
    by_bits: Arc<HashMap<u64, Written>>,
}

thread_local! {
    /// Those of the value being validated: a keyword is given a node of it and nothing else.
    static NUMBERS: RefCell<Digits> = RefCell::default();
    /// Whether digits of numbers that are read now are remembered.
    static IS_READING: Cell<bool> = const { Cell::new(false) };
}

impl Digits {
    /// Whether a value has numbers for which digits may be known.
    pub(crate) fn are_needed_for(value: &Value) -> bool {
        match value {
            Value::Number(number) => number.is_f64() && number.as_f64().is_some_and(needs_digits),
            Value::Array(items) => items.iter().any(Self::are_needed_for),
            Value::Object(members) => members.values().any(Self::are_needed_for),
            _ => false,
        }
    }

    /// Whether digits may be known for a number that was read as a double.
    pub(super) fn may_be_needed(number: f64) -> bool {
        needs_digits(number)
    }

    /// Validates with the digits at hand.
    pub(crate) fn during<R>(&self, validate: impl FnOnce() -> R) -> R {
        if self.by_bits.is_empty() {
            return validate();
        }
        let _scope = Scope::open(self.clone(), false);
        validate()
    }

    /// Reads texts and validates what was read: the digits of all numbers are at hand.
    pub(crate) fn of_texts<R>(read_and_validate: impl FnOnce() -> R) -> R {
        let _scope = Scope::open(Self::default(), true);
        read_and_validate()
    }

    /// Hands over what collects digits here: the [scope's](Self::of_texts) collection, or else the given one.
    pub(crate) fn collect<R>(own: &RefCell<Self>, read: impl FnOnce(&mut Self) -> R) -> R {
        if IS_READING.get() {
            NUMBERS.with_borrow_mut(read)
        } else {
            read(&mut own.borrow_mut())
        }
    }

    /// The [stand-in](Self::stand_in) of a number that is read [in a scope](Self::of_texts), or its text.
    pub(crate) fn as_read(text: &str, read: impl Fn(&str) -> Option<f64>) -> Cow<'_, str> {
        let stand_in = IS_READING
            .get()
            .then(|| NUMBERS.with_borrow_mut(|numbers| numbers.stand_in(text, read)));
        stand_in.flatten().map_or(Cow::Borrowed(text), Cow::Owned)
    }

    /// A text to read in place of a number's, which `read` makes the double that stands for it: the
    /// nearest one that stands for no other number of the body. `None` where its own is as good.
    pub(crate) fn stand_in(
        &mut self,
        text: &str,
        read: impl Fn(&str) -> Option<f64>,
    ) -> Option<String> {
        if text.parse::<i64>().is_ok() || text.parse::<u64>().is_ok() {
            return None;
        }
        let nearest: f64 = text.parse().ok()?;
        if !needs_digits(nearest) {
            return None;
        }
        let decimal = Decimal::parse(text)?;
        if decimal.digits.is_empty() {
            return None;
        }
        if let Some(whole) = decimal.as_small_whole() {
            return Some(whole);
        }
        let mut double = match (decimal.is_whole(), nearest.is_finite()) {
            (false, _) if nearest == 0.0 => f64::MIN_POSITIVE.copysign(nearest),
            (false, _) => FRACTION.copysign(nearest),
            (true, false) => f64::MAX.copysign(nearest),
            (true, true) => nearest,
        };
        let is_full = self.by_bits.len() >= MAX_NUMBERS;
        for _ in 0..MAX_TRIES {
            let stand_in = format!("{double:?}");
            let bits = read(&stand_in)?.to_bits();
            match self.by_bits.get(&bits) {
                Some(known) if known.decimal == decimal => return Some(stand_in),
                None if is_full => return Some(stand_in),
                None => {
                    let written = Written {
                        decimal,
                        text: text.into(),
                    };
                    Arc::make_mut(&mut self.by_bits).insert(bits, written);
                    return Some(stand_in);
                }
                Some(_) if decimal.is_whole() || nearest == 0.0 => {
                    double = if double > 0.0 {
                        double.next_down()
                    } else {
                        double.next_up()
                    };
                }
                Some(_) => double -= 1.0_f64.copysign(double),
            }
        }
        Some(format!("{double:?}"))
    }
}

fn is_far(number: f64) -> bool {
    number.abs() >= FROM
}

/// Whether a double may stand for a number that is none: a far one, or zero for what is nearer to it than
/// any double.
fn needs_digits(number: f64) -> bool {
    is_far(number) || number == 0.0
}

/// The digits at hand for as long as it lives.
struct Scope {
    before: Digits,
    was_reading: bool,
}

impl Scope {
    fn open(digits: Digits, is_reading: bool) -> Self {
        Self {
            before: NUMBERS.replace(digits),
            was_reading: IS_READING.replace(is_reading),
        }
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        NUMBERS.set(std::mem::take(&mut self.before));
        IS_READING.set(self.was_reading);
    }
}

/// A number as it was written, where a double stands for it.
pub(super) fn written(number: &Number) -> Option<Arc<str>> {
    let bits = number.as_f64().filter(|_| number.is_f64())?.to_bits();
    NUMBERS.with_borrow(|numbers| {
        numbers
            .by_bits
            .get(&bits)
            .map(|known| Arc::clone(&known.text))
    })
}

/// A keyword that limits numbers, with the digits of its limit.
pub(super) struct Limit {
    kind: Kind,
    digits: Decimal,
    /// The limit, where it is a small whole number.
    whole: Option<i64>,
}

#[derive(Clone, Copy)]
enum Kind {
    MultipleOf,
    Minimum,
    Maximum,
    ExclusiveMinimum,
    ExclusiveMaximum,
}

/// The keywords that limits become in a unit, with those of the document.
pub(super) const LIMITS: [(&str, &str); 5] = [
    ("x-oasgate-multipleOf", "multipleOf"),
    ("x-oasgate-minimum", "minimum"),
    ("x-oasgate-maximum", "maximum"),
    ("x-oasgate-exclusiveMinimum", "exclusiveMinimum"),
    ("x-oasgate-exclusiveMaximum", "exclusiveMaximum"),
];

/// The keyword, and its digits, that a unit has in place of a limit: of each divisor, since doubles divide
/// with a rest, and of bounds among numbers that doubles do not tell apart.
pub(super) fn limit_keyword(
    document: &Document,
    at: &Address,
    keyword: &str,
    limit: &Value,
) -> Option<(&'static str, Value)> {
    let (own, _) = LIMITS.iter().find(|(_, known)| *known == keyword)?;
    let number = limit.as_number()?;
    let double = number.as_f64()?;
    let is_divisor = keyword == "multipleOf" && double > 0.0;
    if !is_divisor && (keyword == "multipleOf" || !is_far(double)) {
        return None;
    }
    // Up to 3.0 the bound stands beside `exclusiveMinimum: true`.
    let written_at = match document.get(&at.join(keyword)) {
        Some(Value::Bool(_)) => at.join(&keyword.replace("exclusiveM", "m")),
        _ => at.join(keyword),
    };
    Some((own, Value::String(digits(document, &written_at, number))))
}

/// The keywords that exact values become in a unit, with those of the document.
pub(super) const LISTED: [(&str, &str); 2] =
    [("x-oasgate-const", "const"), ("x-oasgate-enum", "enum")];

/// The member of an object that stands for a number of the document, with its digits.
const DIGITS: &str = "x-oasgate-digits";

/// The keyword, and the values it lists, that a unit has in place of `const` and `enum` where doubles do not
/// tell their numbers from others.
pub(super) fn listed_keyword(
    document: &Document,
    at: &Address,
    keyword: &str,
    value: &Value,
) -> Option<(&'static str, Value)> {
    let (own, _) = LISTED.iter().find(|(_, known)| *known == keyword)?;
    if !Digits::are_needed_for(value) {
        return None;
    }
    Some((own, with_digits(document, &at.join(keyword), value)))
}

/// A value of the document whose far numbers are their digits.
fn with_digits(document: &Document, at: &Address, value: &Value) -> Value {
    match value {
        Value::Number(number) if Digits::are_needed_for(value) => {
            json!({ DIGITS: digits(document, at, number) })
        }
        Value::Array(items) => (0..)
            .zip(items)
            .map(|(index, item)| with_digits(document, &at.index(index), item))
            .collect(),
        Value::Object(members) => members
            .iter()
            .map(|(name, member)| (name.clone(), with_digits(document, &at.join(name), member)))
            .collect(),
        _ => value.clone(),
    }
}

/// A keyword that lists the values it accepts, with the digits of their numbers.
pub(super) struct Listed(Vec<Value>);

impl Listed {
    /// The values of a keyword of a unit.
    pub(super) fn new(keyword: &str, values: &Value) -> Self {
        match values {
            Value::Array(values) if keyword == "enum" => Self(values.clone()),
            one => Self(vec![one.clone()]),
        }
    }

    /// Whether a value is one of those.
    pub(super) fn accepts(&self, value: &Value) -> bool {
        self.0.iter().any(|one| is_same(one, value))
    }
}

/// Whether a value is the one of the document, whose far numbers are their digits.
pub(super) fn is_same(listed: &Value, value: &Value) -> bool {
    match (listed, value) {
        (Value::Object(members), Value::Number(number)) => members
            .get(DIGITS)
            .and_then(Value::as_str)
            .is_some_and(|digits| Decimal::parse(digits) == Decimal::of(number)),
        (Value::Number(one), Value::Number(other)) => Decimal::of(one) == Decimal::of(other),
        (Value::Array(some), Value::Array(others)) => {
            some.len() == others.len()
                && some
                    .iter()
                    .zip(others)
                    .all(|(one, other)| is_same(one, other))
        }
        (Value::Object(some), Value::Object(others)) => {
            some.len() == others.len()
                && some
                    .iter()
                    .all(|(name, one)| others.get(name).is_some_and(|other| is_same(one, other)))
        }
        _ => listed == value,
    }
}

/// The digits of a number of the document.
pub(super) fn digits(document: &Document, at: &Address, number: &Number) -> String {
    let double = number
        .as_f64()
        .filter(|double| number.is_f64() && is_far(*double));
    let written = double.and_then(|double| {
        let text = document.text_of(at)?.trim();
        let read: f64 = text.parse().ok()?;
        let is_it = if read.is_finite() {
            (read - double).abs() <= double.abs() * 1e-12
        } else {
            double.total_cmp(&f64::MAX.copysign(read)).is_eq()
        };
        (is_it && Decimal::parse(text).is_some()).then(|| text.to_owned())
    });
    written.unwrap_or_else(|| number.to_string())
}

impl Limit {
    /// A limit by the keyword of the document and its digits.
    pub(super) fn new(keyword: &str, digits: &str) -> Option<Self> {
        let kind = match keyword {
            "multipleOf" => Kind::MultipleOf,
            "minimum" => Kind::Minimum,
            "maximum" => Kind::Maximum,
            "exclusiveMinimum" => Kind::ExclusiveMinimum,
            "exclusiveMaximum" => Kind::ExclusiveMaximum,
            _ => return None,
        };
        Some(Self {
            kind,
            digits: Decimal::parse(digits)?,
            whole: digits.parse().ok(),
        })
    }

    /// Whether a value is within the limit, or no number.
    pub(super) fn accepts(&self, value: &Value) -> bool {
        let Value::Number(number) = value else {
            return true;
        };
        if let (Some(limit), Some(number)) = (self.whole, number.as_i64()) {
            return match self.kind {
                Kind::MultipleOf => number.checked_rem(limit) == Some(0),
                Kind::Minimum => number >= limit,
                Kind::Maximum => number <= limit,
                Kind::ExclusiveMinimum => number > limit,
                Kind::ExclusiveMaximum => number < limit,
            };
        }
        let Some(number) = Decimal::of(number) else {
            return true;
        };
        match self.kind {
            Kind::MultipleOf => number.is_multiple_of(&self.digits),
            Kind::Minimum => number >= self.digits,
            Kind::Maximum => number <= self.digits,
            Kind::ExclusiveMinimum => number > self.digits,
            Kind::ExclusiveMaximum => number < self.digits,
        }
    }

    /// What is wrong with a number beyond the limit, and what is expected.
    pub(super) fn breach(keyword: &str, limit: &str) -> (String, String) {
        let (wrong, expected) = match keyword {
            "multipleOf" => {
                return (
                    format!("the number is no multiple of {limit}"),
                    format!("a multiple of {limit}"),
                );
            }
            "minimum" => ("small", "at least"),
            "exclusiveMinimum" => ("small", "more than"),
            "maximum" => ("great", "at most"),
            _ => ("great", "less than"),
        };
        (
            format!("the number is too {wrong}"),
            format!("{expected} {limit}"),
        )
    }
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use super::{Decimal, Digits, Limit};

    fn decimal(text: &str) -> Decimal {
        Decimal::parse(text).expect("a number")
    }

    #[test]
    fn decimals_are_ordered_as_numbers() {
        for (less, more) in [
            ("1", "2"),
            ("-2", "-1"),
            ("-1", "0"),
            ("0", "0.1"),
            ("0.09", "0.1"),
            ("9", "10"),
            ("1e400", "1e401"),
            ("-1e401", "-1e400"),
            ("18446744073709551616", "18446744073709551617"),
            ("1e99999999999999999999", "1e999999999999999999999999"),
        ] {
            let expected = if less.len() > 20 && less.contains('e') {
                Ordering::Equal
            } else {
                Ordering::Less
            };
            assert_eq!(decimal(less).cmp(&decimal(more)), expected, "{less} {more}");
        }
        assert_eq!(decimal("1e2").cmp(&decimal("100.0")), Ordering::Equal);
        assert_eq!(decimal("-0").cmp(&decimal("0.0")), Ordering::Equal);
        for wrong in ["", "-", "1e", "1e+-1x", "a", "1.2.3", "0x1"] {
            assert!(Decimal::parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn multiples_are_found_by_digits() {
        for (number, of, expected) in [
            ("4.35", "0.01", true),
            ("1.001", "0.01", false),
            ("9007199254740993", "9007199254740993", true),
            ("9007199254740992", "9007199254740993", false),
            ("100000000000000000000001", "2", false),
            ("100000000000000000000002", "2", true),
            ("1e30", "0.5", true),
            ("0", "3", true),
            ("-9", "3", true),
            ("10", "4", false),
            ("1e400", "7", false),
        ] {
            let (number, of) = (decimal(number), decimal(of));
            assert_eq!(number.is_multiple_of(&of), expected, "{number:?} {of:?}");
        }
    }

    #[test]
    fn a_stand_in_is_of_one_number() {
        let mut digits = Digits::default();
        let read = |text: &str| text.parse().ok();
        let texts = [
            "1e400",
            "1e401",
            "1e400",
            "1e20",
            "100000000000000000001",
            "1e20",
        ];
        let stand_ins = texts.map(|text| digits.stand_in(text, read).expect("a stand-in"));
        assert_eq!(stand_ins[0], stand_ins[2]);
        assert_ne!(stand_ins[0], stand_ins[1]);
        assert_eq!(stand_ins[3], "1e20");
        assert_eq!(stand_ins[3], stand_ins[5]);
        assert_ne!(stand_ins[3], stand_ins[4]);
        assert_eq!(digits.stand_in("12.5", read), None);
        assert_eq!(digits.stand_in("18446744073709551615", read), None);
        let fraction = digits.stand_in("1000000000000000000000.5", read);
        assert!(fraction.expect("a stand-in").ends_with(".5"));
    }

    #[test]
    fn limits_see_the_digits_of_what_a_double_stands_for() {
        let mut digits = Digits::default();
        let read = |text: &str| text.parse().ok();
        let stand_in = digits.stand_in("18446744073709551617", read).expect("one");
        let value = serde_json::from_str(&stand_in).expect("JSON");
        let even = Limit::new("multipleOf", "2").expect("a limit");
        let most = Limit::new("maximum", "18446744073709551616").expect("a limit");
        // The nearest double is even.
        assert!(even.accepts(&value));
        assert!(!digits.during(|| even.accepts(&value) || most.accepts(&value)));
    }
}
