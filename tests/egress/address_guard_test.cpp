// SPDX-License-Identifier: Apache-2.0
#include "egress/address_guard.hpp"

#include <gtest/gtest.h>

namespace bellhop::core {
namespace {

std::string why(const char *text) {
  const std::optional<IpAddress> address = IpAddress::parse(text);
  EXPECT_TRUE(address) << text;
  return std::string(why_not_global(*address));
}

TEST(AddressGuard, passes_the_open_internet) {
  for (const char *text : {"1.1.1.1",
                           "8.8.8.8",
                           "9.255.255.255",
                           "11.0.0.0",
                           "100.63.255.255",
                           "100.128.0.0",
                           "126.255.255.255",
                           "128.0.0.0",
                           "169.253.255.255",
                           "169.255.0.0",
                           "172.15.255.255",
                           "172.32.0.0",
                           "192.0.1.0",
                           "192.167.255.255",
                           "192.169.0.0",
                           "198.17.255.255",
                           "198.20.0.0",
                           "223.255.255.255",
                           "2606:4700:4700::1111",
                           "2a00:1450:4001:81b::200e",
                           "2001:200::1",
                           "2001:4860:4860::8888",
                           "::ffff:8.8.8.8",
                           "2003::1"}) {
    EXPECT_EQ(why(text), "") << text;
  }
}

TEST(AddressGuard, refuses_every_inside_at_both_its_ends) {
  for (const char *text : {"0.0.0.0",
                           "0.255.255.255",
                           "10.0.0.0",
                           "10.255.255.255",
                           "100.64.0.0",
                           "100.127.255.255",
                           "127.0.0.1",
                           "127.255.255.255",
                           "169.254.0.0",
                           "169.254.169.254",
                           "172.16.0.0",
                           "172.31.255.255",
                           "192.0.0.8",
                           "192.0.2.1",
                           "192.88.99.1",
                           "192.168.0.0",
                           "192.168.255.255",
                           "198.18.0.0",
                           "198.19.255.255",
                           "198.51.100.1",
                           "203.0.113.1",
                           "224.0.0.1",
                           "239.255.255.255",
                           "240.0.0.0",
                           "255.255.255.254",
                           "255.255.255.255",
                           "::",
                           "::1",
                           "::2",
                           "::127.0.0.1",
                           "::ffff:127.0.0.1",
                           "::ffff:10.0.0.1",
                           "64:ff9b::7f00:1",
                           "64:ff9b::808:808",
                           "64:ff9b:1::1",
                           "100::1",
                           "2001::1",
                           "2001:0:4136:e378:8000:63bf:3fff:fdd2",
                           "2001:db8::1",
                           "2002:7f00:1::",
                           "2002:808:808::1",
                           "3fff::1",
                           "4000::1",
                           "5f00::1",
                           "8000::1",
                           "fc00::1",
                           "fd00::1",
                           "fd00:ec2::254",
                           "fe80::1",
                           "febf::1",
                           "fec0::1",
                           "ff02::1",
                           "ffff::1"}) {
    EXPECT_NE(why(text), "") << text;
  }
}

TEST(AddressGuard, says_what_the_address_is) {
  EXPECT_EQ(why("127.0.0.1"), "loopback");
  EXPECT_EQ(why("::ffff:127.0.0.1"), "loopback");
  EXPECT_EQ(why("169.254.169.254"), "link-local, where clouds keep their metadata");
  EXPECT_EQ(why("fd12::1"), "private (unique local)");
}

TEST(IpAddress, has_one_value_for_a_mapped_address_and_one_text) {
  EXPECT_EQ(IpAddress::parse("::ffff:1.2.3.4"), IpAddress::parse("1.2.3.4"));
  EXPECT_EQ(IpAddress::parse("2001:0DB8:0:0::1")->text(), "2001:db8::1");
  EXPECT_EQ(IpAddress::parse("::ffff:102:304")->text(), "1.2.3.4");
}

TEST(IpAddress, is_nothing_else) {
  for (const char *text : {"", "1.2.3", "1.2.3.04", "0x1.2.3.4", "1.2.3.4 ", "[::1]", "fe80::1%lo", "localhost"}) {
    EXPECT_FALSE(IpAddress::parse(text)) << text;
  }
  EXPECT_FALSE(IpAddress::parse(std::string_view("1.2.3.4\0x", 9)));
}

}  // namespace
}  // namespace bellhop::core
