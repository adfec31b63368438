// SPDX-License-Identifier: BSD-3-Clause

/** Ethernet, IPv4, ARP and ICMP on packets, and the test traffic that both ends can check. */
@NullMarked
package io.vhost4j.examples.wire;

import org.jspecify.annotations.NullMarked;
