// Result: the value of an operation that can fail in a way its caller is expected to handle (the peer, the disk, the
// user, the network). E is an enum or a small struct of the module that fails. Our own bugs are invariant() (see
// base/invariant.h); what stops a program at start-up is an exception that its main() turns into an exit code.
#pragma once

#include <tl/expected.hpp>

namespace sluice {

template <class T, class E>
using Result = tl::expected<T, E>;

template <class E>
using Failure = tl::unexpected<E>;

// fail(E): the failed Result, for `return fail(Error::kX)`.
template <class E>
constexpr auto fail(E&& error) {
  return tl::make_unexpected(std::forward<E>(error));
}

}  // namespace sluice
