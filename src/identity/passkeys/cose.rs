//! Public keys as authenticators write them (COSE, RFC 9053), and their signatures.
//!
//! The three algorithms that browsers' authenticators have: ES256, RS256 (Windows Hello), EdDSA. The curves and the
//! arithmetic are `ring`'s.

use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};

use super::cbor::{Cbor, Value};

/// The algorithms by their COSE numbers, the best one first.
pub const ALGORITHMS: [i64; 3] = [-7, -8, -257];

/// Bytes of a key, at most: RSA of 4,096 bits has 530.
const KEY_MAX: usize = 1024;
/// Members of the map; the largest of ours has six.
const MEMBERS_MAX: u64 = 16;

#[derive(Debug, PartialEq, Eq)]
pub enum PublicKey<'a> {
    Es256 { x: &'a [u8], y: &'a [u8] },
    EdDsa { x: &'a [u8] },
    Rs256 { n: &'a [u8], e: &'a [u8] },
}

#[derive(Default)]
struct Members<'a> {
    kind: i64,
    algorithm: i64,
    /// -1: of an elliptic curve.
    curve: i64,
    /// -1 of RSA, -2, -3.
    bytes: [&'a [u8]; 3],
}

impl<'a> PublicKey<'a> {
    /// The key at the beginning of `bytes`, and how many bytes it has.
    pub fn read(bytes: &'a [u8]) -> Option<(Self, usize)> {
        let mut cbor = Cbor(bytes);
        let members = Members::read(&mut cbor)?;
        let length = bytes.len() - cbor.0.len();
        Some((members.key().filter(|_| length <= KEY_MAX)?, length))
    }

    /// Whether the key's owner has signed this.
    pub fn has_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Es256 { x, y } => {
                let point = [&[4], *x, *y].concat();
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).verify(message, signature)
            }
            Self::EdDsa { x } => UnparsedPublicKey::new(&ED25519, x).verify(message, signature),
            Self::Rs256 { n, e } => {
                RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
            }
        }
        .is_ok()
    }
}

impl<'a> Members<'a> {
    fn read(cbor: &mut Cbor<'a>) -> Option<Self> {
        let mut members = Self::default();
        for _ in 0..cbor.map().filter(|count| *count <= MEMBERS_MAX)? {
            let Value::Int(label) = cbor.next()? else { return None };
            match (label, cbor.next()?) {
                (1, Value::Int(kind)) => members.kind = kind,
                (3, Value::Int(algorithm)) => members.algorithm = algorithm,
                (-1, Value::Int(curve)) => members.curve = curve,
                (-1, Value::Bytes(bytes)) => members.bytes[0] = bytes,
                (-2, Value::Bytes(bytes)) => members.bytes[1] = bytes,
                (-3, Value::Bytes(bytes)) => members.bytes[2] = bytes,
                // What no key of ours has.
                _ => return None,
            }
        }
        Some(members)
    }

    fn key(&self) -> Option<PublicKey<'a>> {
        let [first, second, third] = self.bytes;
        match (self.kind, self.algorithm, self.curve) {
            (2, -7, 1) if second.len() == 32 && third.len() == 32 => Some(PublicKey::Es256 { x: second, y: third }),
            (1, -8, 6) if second.len() == 32 => Some(PublicKey::EdDsa { x: second }),
            // `ring` refuses a modulus that is too short, at each signature; a key that could never sign is refused here.
            (3, -257, 0) if (256..=512).contains(&first.len()) => Some(PublicKey::Rs256 { n: first, e: second }),
            _ => None,
        }
    }
}

#[cfg(test)]
pub mod testing {
    /// The COSE form of a point of P-256.
    pub fn es256(point: &[u8]) -> Vec<u8> {
        let (x, y) = (&point[1..33], &point[33..65]);
        [&[0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32], x, &[0x22, 0x58, 32], y].concat()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ring::{
        rand::SystemRandom,
        signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair},
    };

    use super::*;

    #[test]
    fn a_signature_of_p_256_is_verified_and_nothing_near_it() {
        let random = SystemRandom::new();
        let pair = |()| {
            let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref(), &random).unwrap()
        };
        let (own, other) = (pair(()), pair(()));
        let cose = testing::es256(own.public_key().as_ref());
        let followed = [&cose[..], b"more"].concat();
        let (key, length) = PublicKey::read(&followed).unwrap();
        assert_eq!(length, cose.len());
        let signature = own.sign(&random, b"message").unwrap();
        assert!(key.has_signed(b"message", signature.as_ref()));
        assert!(!key.has_signed(b"massage", signature.as_ref()) && !key.has_signed(b"message", b""));
        assert!(!key.has_signed(b"message", other.sign(&random, b"message").unwrap().as_ref()));
    }

    #[test]
    fn a_signature_of_ed25519_is_verified() {
        let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        let pair = Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).unwrap();
        let cose = [&[0xa4, 1, 1, 3, 0x27, 0x20, 6, 0x21, 0x58, 32], pair.public_key().as_ref()].concat();
        let (key, _) = PublicKey::read(&cose).unwrap();
        assert!(key.has_signed(b"message", pair.sign(b"message").as_ref()));
        assert!(!key.has_signed(b"massage", pair.sign(b"message").as_ref()));
    }

    #[test]
    fn other_kinds_of_keys_are_none() {
        let good = testing::es256(&[4; 65]);
        assert!(PublicKey::read(&good).is_some());
        for (at, other) in [(2, 1), (4, 0x27), (6, 2), (0, 0xa4), (0, 0xb8), (8, 0x57)] {
            let mut bytes = good.clone();
            bytes[at] = other;
            assert_eq!(PublicKey::read(&bytes), None, "byte {at}");
        }
        assert_eq!(PublicKey::read(&good[..good.len() - 1]), None);
        let short = [&[0xa4, 1, 3, 3, 0x39, 1, 0, 0x20, 0x58, 128][..], &[1; 128], &[0x21, 0x43, 1, 0, 1]].concat();
        assert_eq!(PublicKey::read(&short), None, "RSA of 1,024 bits");
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Some((key, length)) = PublicKey::read(&bytes) {
                prop_assert!(length <= bytes.len() && !key.has_signed(b"message", &bytes));
            }
        }
    }
}
