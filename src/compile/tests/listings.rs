//! Listings of representative programs.
