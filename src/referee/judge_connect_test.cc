#include <gtest/gtest.h>

#include "referee/sample.h"

namespace bailiwick {
namespace {

Decision decide(const Policy& policy, std::string host, std::string_view address = "", std::string method = "",
                std::string path = "") {
  return judge(ConnectAction{.host = std::move(host),
                             .method = std::move(method),
                             .path = std::move(path),
                             .address = parse_address(address)},
               policy)
      .decision;
}

std::shared_ptr<const Policy> network(const std::string& settings, const std::string& hosts) {
  return policy_of({{LayerKind::system, "[network]\n" + settings + "[network.hosts]\n" + hosts}});
}

// What a rule says about methods that were not seen is weighed against what holds if it does not match.
TEST(JudgeConnect, ADenyThatPerhapsMatchesIsNoWayAroundADefault) {
  const std::string deny = "\"x.example\" = { decision = \"deny\", methods = [\"POST\"] }\n";
  EXPECT_EQ(decide(*network("default = \"deny\"\n", deny), "x.example"), Decision::deny);
  EXPECT_EQ(decide(*network("default = \"allow\"\n", deny), "x.example"), Decision::ask);
  EXPECT_EQ(decide(*network("", deny + "\"*\" = \"allow\"\n"), "x.example"), Decision::ask);
  EXPECT_EQ(decide(*network("", deny + "\"*\" = \"deny\"\n"), "x.example"), Decision::deny);
  // seen
  EXPECT_EQ(decide(*network("default = \"allow\"\n", deny), "x.example", "", "POST"), Decision::deny);
  EXPECT_EQ(decide(*network("default = \"allow\"\n", deny), "x.example", "", "GET"), Decision::allow);
}

TEST(JudgeConnect, ADenyThatPerhapsMatchesIsNoWayAroundTheLastWord) {
  const std::string deny = "[network.hosts]\n\"x.example\" = { decision = \"deny\", methods = [\"POST\"] }\n";
  const auto policy = policy_of({{LayerKind::system, "[defaults.network]\ndefault = \"deny\"\n" + deny}});
  EXPECT_EQ(decide(*policy, "x.example"), Decision::deny);
  // a lower layer that is certain speaks before the last word
  const auto both = policy_of({{LayerKind::system, "[defaults.network]\ndefault = \"deny\"\n" + deny},
                               {LayerKind::user, "[network.hosts]\n\"x.example\" = \"allow\"\n"}});
  EXPECT_EQ(decide(*both, "x.example"), Decision::ask);
}

TEST(JudgeConnect, ADenyThatPerhapsMatchesIsNoWayToPrivateAddresses) {
  const std::string allow = "\"*\" = \"allow\"\n";
  const std::string deny = "\"x.example\" = { decision = \"deny\", paths = [\"/a\"] }\n";
  EXPECT_EQ(decide(*network("", allow), "x.example", "10.0.0.1"), Decision::deny);
  EXPECT_EQ(decide(*network("", allow + deny), "x.example", "10.0.0.1"), Decision::deny);
  EXPECT_EQ(decide(*network("", deny), "x.example", "10.0.0.1"), Decision::deny);
}

TEST(JudgeConnect, ARuleAboutAddressesIsAlsoAboutNamesThatResolveToThem) {
  const auto policy =
      network("default = \"allow\"\nprivate = \"allow\"\n",
              "\"169.254.0.0/16\" = \"deny\"\n\"203.0.113.7\" = \"ask\"\n\"2001:db8::/32\" = \"deny\"\n");
  EXPECT_EQ(decide(*policy, "x.example", "169.254.169.254"), Decision::deny);
  EXPECT_EQ(decide(*policy, "169.254.169.254"), Decision::deny);
  EXPECT_EQ(decide(*policy, "x.example", "203.0.113.7"), Decision::ask);
  EXPECT_EQ(decide(*policy, "x.example", "2001:db8::1"), Decision::deny);
  EXPECT_EQ(decide(*policy, "x.example", "203.0.113.8"), Decision::allow);
  EXPECT_EQ(decide(*policy, "x.example"), Decision::allow);
  // not to allow: a name could stand for any address
  const auto allowing = network("default = \"deny\"\n", "\"10.0.0.0/8\" = \"allow\"\n");
  EXPECT_EQ(decide(*allowing, "10.0.0.1"), Decision::allow);
  EXPECT_EQ(decide(*allowing, "x.example", "10.0.0.1"), Decision::deny);
}

}  // namespace
}  // namespace bailiwick
