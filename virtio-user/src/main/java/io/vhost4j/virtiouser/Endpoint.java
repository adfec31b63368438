// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.virtiouser;

/**
 * How the back-end is reached.
 *
 * @param path the socket's path
 * @param server whether we listen and the back-end connects
 * @param reconnect whether a connection that ends is followed by another
 * @param timeoutMillis how long to wait for the first connection, and for each answer
 */
record Endpoint(String path, boolean server, boolean reconnect, int timeoutMillis) {}
