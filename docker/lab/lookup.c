/* What a program linked with musl learns of a name: its addresses, one a line, or why there are none. */
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

int main(int count, char **words)
{
    if (count != 2) {
        fprintf(stderr, "usage: musl-lookup NAME\n");
        return 2;
    }
    struct addrinfo hints, *found;
    memset(&hints, 0, sizeof hints);
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    int error = getaddrinfo(words[1], NULL, &hints, &found);
    if (error) {
        puts(gai_strerror(error));
        return 1;
    }
    for (struct addrinfo *one = found; one; one = one->ai_next) {
        char text[INET6_ADDRSTRLEN];
        const void *address = one->ai_family == AF_INET6
            ? (const void *)&((struct sockaddr_in6 *)one->ai_addr)->sin6_addr
            : (const void *)&((struct sockaddr_in *)one->ai_addr)->sin_addr;
        puts(inet_ntop(one->ai_family, address, text, sizeof text));
    }
    freeaddrinfo(found);
    return 0;
}
