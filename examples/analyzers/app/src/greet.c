#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
	char name[16];

	strcpy(name, argc > 1 ? argv[1] : "world");
	printf("hello, %s\n", name);
	return 0;
}
