// What a program says when it cannot go on at start-up: thrown, caught once in main(), printed as one line on standard
// error and turned into the exit code. Codes: sysexits.h for the sluice and sendmail families; 111 (temporary) and 100
// (permanent, usage) for the qmail family.
#pragma once

#include <stdexcept>
#include <string>

namespace sluice::os {

class Fatal : public std::runtime_error {
 public:
  Fatal(int exit_code, const std::string& what) : std::runtime_error(what), exit_code_(exit_code) {}
  int exit_code() const { return exit_code_; }

 private:
  int exit_code_;
};

// "WHAT: strerror(errno)" with errno as it stands.
std::string with_errno(const std::string& what);

// Runs `body` and returns its value; on Fatal or any other exception prints "fatal: PROGRAM: WHAT" and returns the
// exit code (111 for an exception that is not Fatal). Ignores SIGPIPE: a lost peer is an error of a write.
int run_main(const char* program, int (*body)(int argc, char** argv), int argc, char** argv);

// One line on standard error, in one write: "alert: PROGRAM: TEXT", "warn: …", "info: …".
void say(const char* level, std::string_view program, std::string_view text);

}  // namespace sluice::os
