// SPDX-License-Identifier: BSD-3-Clause

/**
 * The Linux room: the only place that links C symbols. Everything that the library asks of the kernel goes through the
 * one gate of this package, which turns {@code errno} into a result, retries {@code EINTR}, and can be made to fail for
 * tests ({@link io.vhost4j.core.linux.LinuxFaults}).
 *
 * <p>Conventions. A call that fails throws {@link io.vhost4j.core.linux.NativeException}; a call that would block
 * returns {@link io.vhost4j.core.linux.Errno#WOULD_BLOCK}; methods named {@code try...} return {@code -errno} instead of
 * throwing. Kernel objects that must be given back are {@link java.lang.AutoCloseable} and are given back exactly once.
 * Supported: Linux on x86-64 and aarch64, 64-bit little-endian.
 */
@NullMarked
package io.vhost4j.core.linux;

import org.jspecify.annotations.NullMarked;
