// ReadOnlyDisk: another disk on which nothing can change. What would change it succeeds without effect, so that the
// code that recovers a journal or a state log can be used to look at one: it cuts no torn tail, it only reads no
// further. New files cannot be made (EEXIST: a set-aside copy counts as made already).
#pragma once

#include <cerrno>

#include "system/store/disk.h"

namespace sluice::standstill {

class ReadOnlyDisk final : public store::Disk {
 public:
  explicit ReadOnlyDisk(store::Disk& disk) : disk_(disk) {}

  Result<std::unique_ptr<store::File>, int> open(const std::string& path, Open how, unsigned) override {
    if (how == Open::kCreate) return fail(EEXIST);
    auto file = disk_.open(path, Open::kRead);
    if (!file) return fail(int{file.error()});
    return std::make_unique<ReadOnlyFile>(std::move(*file));
  }
  Result<std::vector<std::string>, int> list(const std::string& directory) override { return disk_.list(directory); }
  Result<void, int> make_directory(const std::string&, unsigned) override { return {}; }
  Result<void, int> remove_directory(const std::string&) override { return {}; }
  Result<void, int> sync_directory(const std::string&) override { return {}; }
  Result<void, int> sync_file_system(const std::string&) override { return {}; }
  Result<void, int> rename(const std::string&, const std::string&) override { return {}; }
  Result<void, int> link(const std::string&, const std::string&) override { return {}; }
  Result<void, int> remove(const std::string&) override { return {}; }
  // Whoever looks holds the queue already (standstill.h), or wants no lock (stopped_listing.h).
  Result<std::unique_ptr<store::File>, int> lock(const std::string&) override {
    return std::make_unique<ReadOnlyFile>(nullptr);
  }

 private:
  class ReadOnlyFile final : public store::File {
   public:
    explicit ReadOnlyFile(std::unique_ptr<store::File> file) : file_(std::move(file)) {}
    Result<std::size_t, int> read_at(std::uint64_t position, char* to, std::size_t length) override {
      return file_->read_at(position, to, length);
    }
    Result<void, int> write_at(std::uint64_t, std::span<iovec>) override { return fail(EROFS); }
    Result<void, int> sync_data() override { return {}; }
    Result<void, int> sync() override { return {}; }
    Result<void, int> truncate(std::uint64_t) override { return {}; }
    Result<void, int> preallocate(std::uint64_t) override { return fail(EROFS); }
    Result<store::FileFacts, int> facts() override { return file_->facts(); }
    Result<void, int> touch(WallTime) override { return {}; }

   private:
    std::unique_ptr<store::File> file_;
  };

  store::Disk& disk_;
};

}  // namespace sluice::standstill
