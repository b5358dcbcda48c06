//! A file that the configuration names, read with a bound: what a path leads to may be a device or a pipe, which states a
//! length of 0 and may never end.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

/// # Errors
/// What the system says, and a file of more than `bytes_max` bytes.
pub fn read(path: &Path, bytes_max: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(bytes_max.saturating_add(1)).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > bytes_max {
        true => Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("more than {bytes_max} bytes"))),
        false => Ok(bytes),
    }
}

/// The same, of UTF-8. No error quotes the file, which may hold a secret.
///
/// # Errors
/// As above, and other bytes.
pub fn read_text(path: &Path, bytes_max: u64) -> io::Result<String> {
    let text = String::from_utf8(read(path, bytes_max)?);
    text.map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_up_to_its_bound_and_one_without_an_end_is_refused() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("file");
        std::fs::write(&path, "hunter2").expect("written");
        assert_eq!(read_text(&path, 7).expect("read"), "hunter2");
        assert_eq!(read(&path, 6).expect_err("longer").to_string(), "more than 6 bytes");
        assert_eq!(read(Path::new("/dev/zero"), 64).expect_err("endless").to_string(), "more than 64 bytes");
        std::fs::write(&path, b"hunter\xff").expect("written");
        assert_eq!(read_text(&path, 7).expect_err("no text").to_string(), "not UTF-8");
    }
}
