//! What a process costs, from `/proc` (`proc_pid_stat(5)`, `proc_pid_status(5)`). On other systems nothing is told.

use std::{fs, time::Duration};

/// User and system time since the process began.
pub fn cpu(pid: u32) -> Option<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name is in brackets and may hold anything; fields 14 and 15 are the 12th and 13th after it.
    let fields = stat.rsplit(')').next()?.split_whitespace().skip(11).take(2);
    let ticks: u64 = fields.filter_map(|field| field.parse::<u64>().ok()).sum();
    let hertz = rustix::param::clock_ticks_per_second();
    Some(Duration::from_secs_f64(ticks as f64 / hertz.max(1) as f64))
}

/// Bytes in memory now.
pub fn resident(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().trim_end_matches(" kB").parse::<u64>().ok().map(|kib| kib * 1024)
}

/// Raises this process's limit of open files to what is allowed, and says whether `sockets` fit.
pub fn allow_sockets(sockets: usize) -> std::result::Result<(), String> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    /// Logs, the server's pipes, the runtime's own.
    const OTHERS: u64 = 100;
    let maximum = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })
        .map_err(|error| format!("the limit of open files cannot be raised: {error}"))?;
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
    fn more_sockets_than_any_limit_are_refused() {
        // An unlimited process takes any number; else the words name both numbers.
        if let Err(words) = allow_sockets(usize::MAX / 2) {
            assert!(words.contains("open files"), "{words}");
        }
        assert_eq!(allow_sockets(10), Ok(()));
    }
}
