// SPDX-License-Identifier: BSD-3-Clause

/** Captures in the pcapng format, written off the data path. */
@NullMarked
package io.vhost4j.examples.pcap;

import org.jspecify.annotations.NullMarked;
