//! A file's bytes as text: UTF-8, UTF-16 by its mark or its zeros, else Windows-1252, as spreadsheets write it.
//!
//! Deliberately absent: guessing among the other one-byte encodings; the report names what was taken.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

pub(super) struct Decoded {
    pub text: String,
    /// `None`: UTF-8, as Shopify writes it.
    pub other: Option<&'static str>,
    /// Some bytes mean nothing in this encoding.
    pub damaged: bool,
}

pub(super) fn decode(bytes: Vec<u8>) -> Decoded {
    let marked = Encoding::for_bom(&bytes).or_else(|| zeros(&bytes).map(|encoding| (encoding, 0)));
    if let Some((encoding, mark)) = marked {
        let (text, damaged) = encoding.decode_without_bom_handling(&bytes[mark..]);
        return Decoded { text: text.into_owned(), other: (encoding != UTF_8).then(|| encoding.name()), damaged };
    }
    match String::from_utf8(bytes) {
        Ok(text) => Decoded { text, other: None, damaged: false },
        // Every byte means something there.
        Err(other) => {
            let (text, damaged) = WINDOWS_1252.decode_without_bom_handling(other.as_bytes());
            Decoded { text: text.into_owned(), other: Some(WINDOWS_1252.name()), damaged }
        }
    }
}

/// UTF-16 without its mark: the first two letters of a heading are ASCII.
fn zeros(bytes: &[u8]) -> Option<&'static Encoding> {
    match bytes {
        [first, 0, second, 0, ..] if *first != 0 && *second != 0 => Some(UTF_16LE),
        [0, first, 0, second, ..] if *first != 0 && *second != 0 => Some(UTF_16BE),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_encodings_read_alike() {
        let utf16 = |mark: bool, big: bool| -> Vec<u8> {
            let units = mark.then_some(0xFEFF_u16).into_iter().chain("Müg, 5 €".encode_utf16());
            units.flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
        };
        for (bytes, other) in [
            ("Müg, 5 €".as_bytes().to_vec(), None),
            ("\u{feff}Müg, 5 €".as_bytes().to_vec(), None),
            (utf16(true, false), Some("UTF-16LE")),
            (utf16(true, true), Some("UTF-16BE")),
            (b"M\xfcg, 5 \x80".to_vec(), Some("windows-1252")),
        ] {
            let decoded = decode(bytes);
            assert_eq!((decoded.text.as_str(), decoded.other, decoded.damaged), ("Müg, 5 €", other, false));
        }
        assert_eq!(decode(b"H\0a\0".to_vec()).text, "Ha");
        assert!(decode(b"\xff\xfeH\0\x00\xd8".to_vec()).damaged, "half a surrogate pair");
    }
}
