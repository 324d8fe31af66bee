// What the tests of this folder share: a directory of their own, letters, and a disk whose calls fail or kill.
#pragma once

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <vector>

#include "system/mbox/disk.h"
#include "system/mbox/mailbox.h"

namespace sluice::mbox {

inline constexpr Patience kOnce{1, std::chrono::milliseconds(0)};

inline Source pieces(std::vector<std::string> texts) {
  return [texts = std::move(texts), next = std::size_t{0}]() mutable -> Result<Octets, std::string> {
    while (next < texts.size() && texts[next].empty()) ++next;
    return next < texts.size() ? Octets(texts[next++]) : Octets{};
  };
}

inline Letter letter_from(const std::string& sender) {
  return {sender, wall_from_millis(1795333662000), "Return-Path: <" + sender + ">\n", "", mail::LineForm::kLf};
}
// How a letter with this body stands in the mbox.
inline std::string stored(const std::string& sender, const std::string& body) {
  return "From " + sender + " Sun Nov 22 07:47:42 2026\nReturn-Path: <" + sender + ">\n" + body + "\n";
}

// Does what is asked until call number `at`, which fails, or is the last thing that this process does.
class FaultyDisk : public Disk {
 public:
  enum class Fault { kNone, kFail, kKillBefore, kKillAfter, kKillInTheMiddle };
  int at = 0;  // from 1; 0: never
  Fault fault = Fault::kNone;
  int error = EIO;
  bool attributes = true;  // the file system has extended attributes
  bool files = true;       // files can be made
  bool cuts = true;        // files can be cut
  int calls = 0;

  ssize_t write(int file, Octets octets) override {
    if (calls + 1 == at && fault == Fault::kKillInTheMiddle) {
      (void)Disk::write(file, octets.substr(0, octets.size() / 2));
      ::kill(::getpid(), SIGKILL);
    }
    return call<ssize_t>([&] { return Disk::write(file, octets); });
  }
  int sync(int file) override {
    return call<int>([&] { return Disk::sync(file); });
  }
  int cut(int file, off_t size) override {
    return !cuts ? refuse(EIO) : call<int>([&] { return Disk::cut(file, size); });
  }
  int set_attribute(int file, const char* name, Octets value) override {
    return !attributes ? refuse(ENOTSUP) : call<int>([&] { return Disk::set_attribute(file, name, value); });
  }
  int remove_attribute(int file, const char* name) override {
    return !attributes ? refuse(ENOTSUP) : call<int>([&] { return Disk::remove_attribute(file, name); });
  }
  int create(int directory, const char* name) override {
    return !files ? refuse(EACCES) : call<int>([&] { return Disk::create(directory, name); });
  }
  int remove(int directory, const char* name) override {
    return !files ? refuse(EACCES) : call<int>([&] { return Disk::remove(directory, name); });
  }

 private:
  static int refuse(int code) { return errno = code, -1; }
  template <class T>
  T call(const std::function<T()>& real) {
    const bool now = ++calls == at;
    if (now && fault == Fault::kFail) return refuse(error);
    if (now && fault == Fault::kKillBefore) ::kill(::getpid(), SIGKILL);
    const T result = real();
    const int code = errno;
    if (now && fault == Fault::kKillAfter) ::kill(::getpid(), SIGKILL);
    errno = code;
    return result;
  }
};

class MboxTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char pattern[] = "/tmp/sluice-mbox-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern), nullptr);
    home_ = pattern;
    path_ = home_ + "/Mailbox";
  }
  void TearDown() override { std::filesystem::remove_all(home_); }

  Result<void, Trouble> put(const std::string& sender, const std::string& body, Disk& disk = real_disk()) {
    return deliver(path_, letter_from(sender), pieces({body}), kOnce, disk);
  }
  std::string content() const {
    std::ifstream file(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void set_content(const std::string& text) const { std::ofstream(path_, std::ios::binary | std::ios::trunc) << text; }
  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(home_), {}));
  }
  // The wait status of a child that does this and exits with 0 or, if it says false, 1.
  static int in_child(const std::function<bool()>& work) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(work() ? 0 : 1);
    int status = -1;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
  }

  std::string home_, path_;
};

}  // namespace sluice::mbox
