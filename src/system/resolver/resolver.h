// Resolver: asks the name service in the loop, by libunbound, which follows CNAMEs and keeps the cache. What an answer
// means for a delivery is core/route/mx.h.
//
// libunbound does its network work in one thread of its own and hands answers over by a pipe that the loop watches; our
// code runs in the loop's thread only. The choice was between that, a forked helper (which would hold our descriptors,
// so that the end of qmail-rspawn would not end its link), and libunbound's event interface (which hands out raw DNS
// messages for us to take apart): the thread needs the least code and shares no data of ours.
//
// Names: letters, digits, '-' and '_' (core/route/mx.h); names with other letters are converted to their ASCII form
// first (IDNA 2008); what is no host name does not exist. localhost and names below it, and numeric addresses, are
// answered without asking.
//
// A question that is cancelled, or that took longer than the timeout, goes on inside libunbound for as long as that
// tries (minutes at most): its answer will be in the cache when somebody asks again.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/time.h"
#include "core/route/mx.h"
#include "system/net/loop.h"

namespace sluice::net {

class Resolver {
 public:
  struct Setup {
    // "192.0.2.53", "127.0.0.1@5353", "::1@5353"; empty: the servers of /etc/resolv.conf, and the names of /etc/hosts.
    // Servers that are named here are asked about every name, also about those below .test, which libunbound would
    // otherwise answer with "does not exist" (RFC 6761 6.2) by itself.
    std::vector<std::string> servers;
    Duration timeout = Seconds{30};
  };

  // Throws os::Fatal if libunbound refuses the setup.
  Resolver(Loop& loop, const Setup& setup);
  ~Resolver();
  Resolver(const Resolver&) = delete;

  // One question under way; destroying it cancels. May outlive its Resolver, which never answers then.
  class Question {
   public:
    virtual ~Question() = default;
  };
  using OnMx = std::function<void(route::MxAnswer)>;
  using OnAddresses = std::function<void(route::AddressAnswer)>;
  enum class Family { kV4, kV6 };

  // `done` is called once, in a later turn, never from within the call.
  [[nodiscard]] std::unique_ptr<Question> find_mx(const std::string& domain, OnMx done);
  [[nodiscard]] std::unique_ptr<Question> find_addresses(const std::string& host, Family family, OnAddresses done);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace sluice::net
