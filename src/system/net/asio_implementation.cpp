// Boost.Asio, compiled once for the whole program. Its own warnings are not ours, so this file is outside our options.
#include <boost/asio/impl/src.hpp>
