// SPDX-License-Identifier: BSD-3-Clause
/** Packet buffers outside the Java heap: {@link io.vhost4j.packet.PacketPool} and {@link io.vhost4j.packet.Packet}. */
@org.jspecify.annotations.NullMarked
package io.vhost4j.packet;
