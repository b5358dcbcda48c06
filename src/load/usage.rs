//! A process's costs, from `/proc` (`proc_pid_stat(5)`, `proc_pid_status(5)`), and its limit of open files. On other
//! systems than Linux costs are unknown. The benches measure with it too.

use std::{fs, io, time::Duration};

/// User and system time since the process began.
pub fn cpu(pid: u32) -> Option<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name is in brackets and may hold anything; fields 14 and 15 are the 12th and 13th after it.
    let fields = stat.rsplit(')').next()?.split_whitespace().skip(11).take(2);
    Some(of_ticks(fields.filter_map(|field| field.parse::<u64>().ok()).sum()))
}

/// Time that `/proc` counts in the clock's ticks.
pub fn of_ticks(ticks: u64) -> Duration {
    let hertz = rustix::param::clock_ticks_per_second();
    Duration::from_secs_f64(ticks as f64 / hertz.max(1) as f64)
}

/// Bytes in memory now.
pub fn resident(pid: u32) -> Option<u64> {
    status(pid, "VmRSS")
}

/// Bytes in memory when they were most.
pub fn peak(pid: u32) -> Option<u64> {
    status(pid, "VmHWM")
}

fn status(pid: u32, name: &str) -> Option<u64> {
    bytes(&fs::read_to_string(format!("/proc/{pid}/status")).ok()?, name)
}

/// Bytes of the line `NAME:  12 kB`, in the text of a file in `/proc` that has such lines.
pub fn bytes(text: &str, name: &str) -> Option<u64> {
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    value.trim().trim_end_matches(" kB").parse::<u64>().ok().map(|kib| kib * 1024)
}

/// Raises this process's limit of open files, which its children inherit, to the allowed maximum; returns the new
/// limit. `None`: unlimited.
pub fn allow_files() -> io::Result<Option<u64>> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let maximum = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })?;
    Ok(maximum)
}

/// [`allow_files`], with an error unless `sockets` fit.
pub fn allow_sockets(sockets: usize) -> Result<(), String> {
    /// Logs, the server's pipes, the runtime's own.
    const OTHERS: u64 = 100;
    let maximum = allow_files().map_err(|error| format!("the limit of open files cannot be raised: {error}"))?;
    match maximum {
        Some(max) if max < sockets as u64 + OTHERS => {
            Err(format!("{sockets} sockets and connections need as many open files, {max} are allowed (ulimit -Hn)"))
        }
        Some(_) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn this_process_has_a_cost() {
        let pid = std::process::id();
        assert!(resident(pid).expect("Linux") > 100_000);
        let before = cpu(pid).expect("Linux");
        let mut sum = 0u64;
        while cpu(pid).expect("Linux") == before {
            sum = sum.wrapping_mul(31).wrapping_add(7);
        }
        assert!(cpu(pid).expect("Linux") > before, "{sum}");
        assert_eq!(cpu(u32::MAX), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_peak_is_told_beside_what_is_resident() {
        const MOST: usize = 32 << 20;
        let pid = std::process::id();
        drop(std::hint::black_box(vec![1u8; MOST]));
        assert!(peak(pid).expect("Linux") >= MOST as u64);
        assert_eq!(peak(u32::MAX), None);
        let status = "Name:\tVmHWM\nVmHWM:\t    2048 kB\nVmRSS:\t     512 kB\nVmRSSx:\t 7 kB\nThreads:\tmany\n";
        let told = ["VmHWM", "VmRSS", "VmSwap", "Threads"].map(|name| bytes(status, name));
        assert_eq!(told, [Some(2 << 20), Some(512 << 10), None, None]);
    }

    #[test]
    fn the_limit_is_raised_to_what_is_allowed() {
        use rustix::process::{Resource, getrlimit};
        let allowed = allow_files().expect("raising to the hard limit is anybody's right");
        let limit = getrlimit(Resource::Nofile);
        assert_eq!((limit.current, limit.maximum), (allowed, allowed));
    }

    #[test]
    fn more_sockets_than_any_limit_are_refused() {
        // An unlimited process takes any number; else the words name both numbers.
        if let Err(words) = allow_sockets(usize::MAX / 2) {
            assert!(words.contains("open files"), "{words}");
        }
        assert_eq!(allow_sockets(10), Ok(()));
    }
}
