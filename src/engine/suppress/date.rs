//! Days of the calendar, as far as an expiry needs them.

use std::fmt;
use std::str::FromStr;

/// A day of the Gregorian calendar; later days are greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

/// A text that is no day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a day is written `YYYY-MM-DD`")]
pub struct NoDate;

impl Date {
    fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let days = match month {
            2 => 28 + u8::from(leap),
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => return None,
        };
        (1..=days).contains(&day).then_some(Self { year, month, day })
    }

    /// The day, in UTC, so many seconds after the start of 1970; the last day of the year 9999 for all that is later.
    pub fn from_unix_seconds(seconds: u64) -> Self {
        // Years that begin in March have their leap day at the end, so months are found by a division
        // (https://howardhinnant.github.io/date_algorithms.html, civil_from_days). Day 0 is 0000-03-01.
        let days = seconds / 86_400 + 719_468;
        let (era, day_of_era) = (days / 146_097, days % 146_097);
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted + 2) / 5 + 1;
        let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
        let year = era * 400 + year_of_era + u64::from(month <= 2);
        let small = |number: u64| u8::try_from(number).ok();
        let date = u16::try_from(year).ok().filter(|year| *year <= 9999).zip(small(month)).zip(small(day));
        date.map_or(Self { year: 9999, month: 12, day: 31 }, |((year, month), day)| Self { year, month, day })
    }
}

impl FromStr for Date {
    type Err = NoDate;

    fn from_str(text: &str) -> Result<Self, NoDate> {
        let parts: Vec<&str> = text.split('-').collect();
        let [year, month, day] = parts[..] else { return Err(NoDate) };
        let digits = |text: &str, count: usize| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
        if !(digits(year, 4) && digits(month, 2) && digits(day, 2)) {
            return Err(NoDate);
        }
        let number = |text: &str| text.parse().map_err(|_| NoDate);
        Self::new(year.parse().map_err(|_| NoDate)?, number(month)?, number(day)?).ok_or(NoDate)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_and_compared() {
        let read = |text: &str| text.parse::<Date>().ok().map(|date| date.to_string());
        for text in ["2027-03-31", "2024-02-29", "2000-02-29", "0001-01-01"] {
            assert_eq!(read(text).as_deref(), Some(text));
        }
        for text in [
            "2027-02-29",
            "1900-02-29",
            "2027-13-01",
            "2027-00-01",
            "2027-1-1",
            "2027-04-31",
            "31.03.2027",
            "+027-01-01",
            "",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        let date = |text: &str| text.parse::<Date>().unwrap();
        assert!(date("2026-12-31") < date("2027-01-01"));
        assert!(date("2027-01-31") < date("2027-02-01"));
    }

    #[test]
    fn every_day_follows_the_one_before() {
        assert_eq!(Date::from_unix_seconds(0).to_string(), "1970-01-01");
        assert_eq!(Date::from_unix_seconds(951_782_400).to_string(), "2000-02-29");
        assert_eq!(Date::from_unix_seconds(4_107_542_399).to_string(), "2100-02-28");
        assert_eq!(Date::from_unix_seconds(u64::MAX).to_string(), "9999-12-31");
        let mut last = Date::from_unix_seconds(0);
        for day in 1..100_000 {
            let next = Date::from_unix_seconds(day * 86_400);
            assert!(last < next && Date::new(next.year, next.month, next.day) == Some(next), "{last} {next}");
            last = next;
        }
    }
}
