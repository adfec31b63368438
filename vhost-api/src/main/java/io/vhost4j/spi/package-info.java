// SPDX-License-Identifier: BSD-3-Clause
/** What an implementation of the library provides; applications do not use it. */
@org.jspecify.annotations.NullMarked
package io.vhost4j.spi;
