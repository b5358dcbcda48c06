//! Just enough CBOR (RFC 8949) to read what an authenticator writes: values of definite length, as CTAP's canonical form
//! has it. Everything else is no answer of an authenticator.

/// Maps and arrays within each other; what is deeper is refused.
const DEPTH_MAX: u8 = 8;

#[derive(Clone)]
pub struct Cbor<'a>(pub &'a [u8]);

#[derive(Debug, PartialEq, Eq)]
pub enum Value<'a> {
    Int(i64),
    Bytes(&'a [u8]),
    Text(&'a str),
    Array(u64),
    Map(u64),
    Simple,
}

impl<'a> Cbor<'a> {
    /// The next value; of an array or a map only its head, with the number of its members.
    pub fn next(&mut self) -> Option<Value<'a>> {
        let (&first, rest) = self.0.split_first()?;
        self.0 = rest;
        let count = self.argument(first & 0x1f)?;
        Some(match first >> 5 {
            0 => Value::Int(i64::try_from(count).ok()?),
            1 => Value::Int(-1 - i64::try_from(count).ok()?),
            2 => Value::Bytes(self.take(usize::try_from(count).ok()?)?),
            3 => Value::Text(std::str::from_utf8(self.take(usize::try_from(count).ok()?)?).ok()?),
            4 => Value::Array(count),
            5 => Value::Map(count),
            7 => Value::Simple,
            // A tag.
            _ => return None,
        })
    }

    /// The members of the map that comes next.
    pub fn map(&mut self) -> Option<u64> {
        if let Value::Map(members) = self.next()? { Some(members) } else { None }
    }

    /// Passes over the next value, whatever is in it.
    pub fn skip(&mut self) -> Option<()> {
        self.skip_within(DEPTH_MAX)
    }

    fn skip_within(&mut self, depth: u8) -> Option<()> {
        let members = match self.next()? {
            Value::Array(members) => members,
            Value::Map(members) => members.checked_mul(2)?,
            Value::Int(_) | Value::Bytes(_) | Value::Text(_) | Value::Simple => return Some(()),
        };
        let depth = depth.checked_sub(1)?;
        // Each member takes a byte at least: a count that is a lie ends with the bytes.
        (0..members).try_for_each(|_| self.skip_within(depth))
    }

    fn argument(&mut self, short: u8) -> Option<u64> {
        let bytes = match short {
            0..=23 => return Some(short.into()),
            24 => 1,
            25 => 2,
            26 => 4,
            27 => 8,
            _ => return None,
        };
        Some(self.take(bytes)?.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
    }

    pub fn take(&mut self, bytes: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(bytes)?;
        self.0 = rest;
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn values_are_read_as_the_rfc_writes_them() {
        // Appendix A of RFC 8949.
        let read = |bytes: &'static [u8]| Cbor(bytes).next();
        assert_eq!(read(&[0x18, 0x64]), Some(Value::Int(100)));
        assert_eq!(read(&[0x1b, 0, 0, 0, 0xe8, 0xd4, 0xa5, 0x10, 0]), Some(Value::Int(1_000_000_000_000)));
        assert_eq!(read(&[0x39, 0x03, 0xe7]), Some(Value::Int(-1000)));
        assert_eq!(read(&[0x44, 1, 2, 3, 4]), Some(Value::Bytes(&[1, 2, 3, 4])));
        assert_eq!(read(&[0x64, b'I', b'E', b'T', b'F']), Some(Value::Text("IETF")));
        assert_eq!(read(&[0xf5]), Some(Value::Simple));
        for bad in [&[][..], &[0x1b, 0, 0], &[0x44, 1, 2], &[0x5f, 0x41, 1, 0xff], &[0xc1, 0], &[0x62, 0xff, 0xff]] {
            assert_eq!(Cbor(bad).next(), None, "{bad:?}");
        }
        assert_eq!(read(&[0x1b, 255, 255, 255, 255, 255, 255, 255, 255]), None, "more than an i64 has");
    }

    #[test]
    fn a_value_is_passed_over_whole_and_not_for_ever() {
        // {"a": [1, {"b": h'00'}], "c": 2} and a byte more.
        let bytes = [0xa2, 0x61, b'a', 0x82, 1, 0xa1, 0x61, b'b', 0x41, 0, 0x61, b'c', 2, 9];
        let mut cbor = Cbor(&bytes);
        assert_eq!(cbor.skip(), Some(()));
        assert_eq!(cbor.0, [9]);
        assert_eq!(Cbor(&[0x81; 40]).skip(), None, "too deep");
        assert_eq!(Cbor(&[0x9b, 255, 255, 255, 255, 255, 255, 255, 255, 1]).skip(), None, "a count that is a lie");
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut cbor = Cbor(&bytes);
            while cbor.skip().is_some() {}
            prop_assert!(cbor.0.len() <= bytes.len());
        }
    }
}
