// A disk in memory for tests of the store. It keeps apart what was written and what would survive power loss: content
// survives from sync(), names from sync_directory(). It can make the n-th changing operation fail, or take the power
// away there. After a failed sync the data stays readable but never becomes durable, as on Linux.
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <random>
#include <set>

#include "system/store/disk.h"

namespace sluice::store {

struct PowerLoss {};  // thrown at the operation where the power goes

class MemoryDisk final : public Disk {
 public:
  // Every changing operation (write, sync, truncate, allocate, create, rename, link, remove, mkdir) counts.
  std::uint64_t operations() const { return operations_; }
  void fail_at(std::uint64_t operation, int error) { fail_at_ = operation, error_ = error; }
  void fail_always(int error) { always_ = error; }  // 0: no more
  void lose_power_at(std::uint64_t operation) { lose_at_ = operation; }
  void clear_faults() { fail_at_ = lose_at_ = 0, always_ = 0; }

  // What a machine finds when it comes up again. Of what was not synced, each sector and each name may have made it or
  // not (`chance` decides); without chance, nothing has.
  void power_loss(std::mt19937_64* chance = nullptr) {
    clear_faults();
    locked_.clear();
    std::map<std::string, Name> names;
    for (const auto& [path, node] : names_) {
      const auto durable = durable_.find(path);
      const bool same = durable != durable_.end() && durable->second == node;
      if (same || (chance && (*chance)() % 2)) names.emplace(path, node);
    }
    for (const auto& [path, node] : durable_) {
      const auto now = names_.find(path);
      if (now != names_.end() && now->second == node) continue;
      if (!chance || (*chance)() % 2) names.emplace(path, node);
    }
    names_ = durable_ = names;
    for (auto& [path, node] : names_) settle(*node, chance);
  }

  bool exists(const std::string& path) const { return names_.contains(path); }
  std::string& content(const std::string& path) { return names_.at(path)->content; }  // e.g. to damage it
  void give_next_inode(std::uint64_t number) { next_inode_ = number; }                // as a file system uses one again
  void set_modified(const std::string& path, WallTime when) { names_.at(path)->modified = when; }
  std::uint64_t inode_of(const std::string& path) const { return names_.at(path)->inode; }
  std::uint64_t used() const {
    std::uint64_t octets = 0;
    for (const auto& [path, node] : names_) octets += node->content.size();
    return octets;
  }

  Result<std::unique_ptr<File>, int> open(const std::string& path, Open how, unsigned) override {
    if (how == Open::kCreate) {
      if (auto allowed = change(); !allowed) return fail(int{allowed.error()});
      if (names_.contains(path)) return fail(EEXIST);
      names_[path] = std::make_shared<Node>(next_inode_++);
    }
    const auto found = names_.find(path);
    if (found == names_.end()) return fail(ENOENT);
    return std::make_unique<OpenFile>(*this, found->second);
  }
  // A directory is there as long as a name stands below it.
  Result<std::vector<std::string>, int> list(const std::string& directory) override {
    if (names_.contains(directory)) return fail(ENOTDIR);
    std::set<std::string> names;
    for (const auto& [path, node] : names_) {
      if (path.starts_with(directory + '/'))
        names.insert(path.substr(directory.size() + 1, path.find('/', directory.size() + 1) - directory.size() - 1));
    }
    return std::vector<std::string>(names.begin(), names.end());
  }
  Result<void, int> make_directory(const std::string&, unsigned) override { return {}; }
  Result<void, int> sync_directory(const std::string& directory) override {
    if (auto allowed = change(); !allowed) return allowed;
    std::erase_if(durable_, [&](const auto& each) { return parent(each.first) == directory; });
    for (const auto& [path, node] : names_) {
      if (parent(path) == directory) durable_[path] = node;
    }
    return {};
  }
  Result<void, int> sync_file_system(const std::string&) override {
    if (auto allowed = change(); !allowed) return allowed;
    durable_ = names_;
    for (const auto& [path, node] : names_)
      if (!node->poisoned) node->durable = node->content;
    return {};
  }
  Result<void, int> rename(const std::string& from, const std::string& to) override {
    if (auto allowed = change(); !allowed) return allowed;
    const auto found = names_.find(from);
    if (found == names_.end()) return fail(ENOENT);
    names_[to] = found->second;
    names_.erase(from);
    return {};
  }
  Result<void, int> link(const std::string& from, const std::string& to) override {
    if (auto allowed = change(); !allowed) return allowed;
    if (!names_.contains(from)) return fail(ENOENT);
    if (names_.contains(to)) return fail(EEXIST);
    names_[to] = names_[from];
    return {};
  }
  Result<void, int> remove(const std::string& path) override {
    if (auto allowed = change(); !allowed) return allowed;
    if (names_.erase(path) == 0) return fail(ENOENT);
    return {};
  }
  Result<void, int> remove_directory(const std::string&) override { return {}; }
  Result<std::unique_ptr<File>, int> lock(const std::string& directory) override {
    if (!locked_.insert(directory).second) return fail(EWOULDBLOCK);
    return std::make_unique<Lock>(*this, directory);
  }

 private:
  struct Node {
    explicit Node(std::uint64_t number) : inode(number) {}
    const std::uint64_t inode;
    std::string content, durable;
    WallTime modified{};
    bool poisoned = false;  // a sync failed: what was dirty then never reaches the disk
  };
  using Name = std::shared_ptr<Node>;

  class Lock;
  class OpenFile : public File {
   public:
    OpenFile(MemoryDisk& disk, Name node) : disk_(disk), node_(std::move(node)) {}
    Result<std::size_t, int> read_at(std::uint64_t position, char* to, std::size_t length) override {
      if (position >= node_->content.size()) return 0;
      length = std::min<std::uint64_t>(length, node_->content.size() - position);
      std::memcpy(to, node_->content.data() + position, length);
      return length;
    }
    Result<void, int> write_at(std::uint64_t position, std::span<iovec> pieces) override {
      std::string octets;
      for (const iovec& piece : pieces) octets.append(static_cast<const char*>(piece.iov_base), piece.iov_len);
      const auto put = [&](std::size_t length) {
        node_->content.resize(std::max<std::size_t>(node_->content.size(), position + length));
        std::memcpy(node_->content.data() + position, octets.data(), length);
      };
      try {
        if (auto allowed = disk_.change(); !allowed) return put(octets.size() / 2), allowed;
      } catch (const PowerLoss&) {
        put(octets.size());
        throw;
      }
      return put(octets.size()), Result<void, int>{};
    }
    Result<void, int> sync_data() override { return sync(); }
    Result<void, int> sync() override {
      if (auto allowed = disk_.change(); !allowed) return node_->poisoned = true, allowed;
      if (!node_->poisoned) node_->durable = node_->content;
      return {};
    }
    Result<void, int> truncate(std::uint64_t length) override {
      if (auto allowed = disk_.change(); !allowed) return allowed;
      return node_->content.resize(length), Result<void, int>{};
    }
    Result<void, int> preallocate(std::uint64_t length) override {
      if (auto allowed = disk_.change(); !allowed) return allowed;
      return node_->content.resize(std::max<std::size_t>(node_->content.size(), length)), Result<void, int>{};
    }
    Result<FileFacts, int> facts() override {
      const auto links = std::count_if(disk_.names_.begin(), disk_.names_.end(),
                                       [&](const auto& each) { return each.second == node_; });
      FileFacts facts;
      facts.size = node_->content.size();
      facts.inode = node_->inode;
      facts.links = static_cast<std::uint64_t>(links);
      facts.modified = node_->modified;
      return facts;
    }
    Result<void, int> touch(WallTime) override { return disk_.change(); }

   private:
    MemoryDisk& disk_;
    Name node_;
  };
  class Lock final : public OpenFile {
   public:
    Lock(MemoryDisk& disk, std::string directory)
        : OpenFile(disk, nullptr), disk_(disk), directory_(std::move(directory)) {}
    ~Lock() override { disk_.locked_.erase(directory_); }

   private:
    MemoryDisk& disk_;
    std::string directory_;
  };

  static std::string parent(const std::string& path) { return path.substr(0, path.rfind('/')); }

  Result<void, int> change() {
    ++operations_;
    if (operations_ == lose_at_) throw PowerLoss{};
    if (always_ != 0) return fail(int{always_});
    if (operations_ == fail_at_) return fail(int{error_});
    return {};
  }

  static void settle(Node& node, std::mt19937_64* chance) {
    constexpr std::size_t kSector = 512;
    std::string content = node.durable;
    if (chance && (*chance)() % 4 != 0) {
      content.resize((*chance)() % 2 ? node.content.size() : std::max(node.durable.size(), node.content.size()));
      for (std::size_t at = 0; at < std::min(content.size(), node.content.size()); at += kSector) {
        const std::size_t length = std::min({kSector, content.size() - at, node.content.size() - at});
        if ((*chance)() % 2) std::memcpy(content.data() + at, node.content.data() + at, length);
      }
    }
    node.content = node.durable = content;
    node.poisoned = false;
  }

  std::map<std::string, Name> names_, durable_;
  std::set<std::string> locked_;
  std::uint64_t next_inode_ = 1001;
  std::uint64_t operations_ = 0, fail_at_ = 0, lose_at_ = 0;
  int error_ = 0, always_ = 0;
};

}  // namespace sluice::store
